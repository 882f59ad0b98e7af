// What a test prints as a date must not depend on where it runs.
process.env.TZ = 'UTC'
