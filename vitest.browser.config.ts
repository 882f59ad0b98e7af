import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/setup/browser-setup.ts'],
    setupFiles: ['test/setup/each-worker.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Every file has a Chromium of its own, and two of them are as much as a small machine takes.
    maxWorkers: 2,
    // Two browsers on two cores: one that was starved for a moment is asked again, and what fails twice has failed.
    retry: 1,
  },
})
