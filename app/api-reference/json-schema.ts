import { z } from 'zod'

export interface JsonSchema {
  type?: string | string[]
  description?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  enum?: unknown[]
  const?: unknown
  format?: string
  pattern?: string
  minimum?: number
  maximum?: number
  maxLength?: number
  default?: unknown
  additionalProperties?: boolean | JsonSchema
  $ref?: string
  $id?: string
  $schema?: string
}

/** Whether a schema describes what is sent, before its transforms, or what is returned. */
type Direction = 'input' | 'output'

const options = (io: Direction) =>
  ({
    io,
    override: ({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }) => {
      // The bounds of whole numbers in JavaScript, and the long patterns of formats, tell a reader nothing.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern
    },
  }) as const

/** A schema as JSON Schema 2020-12. */
export function toJsonSchema(schema: z.ZodType, io: Direction): JsonSchema {
  return plain(z.toJSONSchema(schema, options(io)))
}

/** Named schemas as JSON Schema 2020-12, each of which refers to others by `#/components/schemas/<name>`. */
export function toComponents(schemas: Record<string, z.ZodType>, io: Direction): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id })
  const named = z.toJSONSchema(registry, { ...options(io), uri: (id) => `#/components/schemas/${id}` }).schemas
  return Object.fromEntries(Object.entries(named).map(([id, schema]) => [id, plain(schema)]))
}

/** Without what only a document of its own needs. */
function plain({ $id: _id, $schema: _dialect, ...schema }: z.core.JSONSchema.BaseSchema): JsonSchema {
  // Through text, which drops undefined fields and what zod adds for its own standard.
  return JSON.parse(JSON.stringify(schema)) as JsonSchema
}
