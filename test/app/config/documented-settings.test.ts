import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { adminSchema } from '../../../src/app/config/admin-schema.js'
import { telemetrySchema } from '../../../src/app/config/telemetry-schema.js'

const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')

/** The names of the settings two levels below `prefix`. */
const keysOf = (prefix: string, schema: z.ZodType): readonly string[] => {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return Object.entries(properties).flatMap(([group, part]) =>
    Object.keys((typeof part === 'object' ? part.properties : undefined) ?? {}).map(
      (key) => `${prefix}.${group}.${key}`,
    ),
  )
}

const documented = (prefix: string): readonly string[] =>
  [...page.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, key = '']) => key).filter((key) => key.startsWith(prefix))

test('the page of the configuration lists every setting of telemetry, and no other', () => {
  expect([...documented('telemetry.')].sort()).toEqual([...keysOf('telemetry', telemetrySchema)].sort())
})

test('the page of the configuration lists every setting of the console, and no other', () => {
  const keys = keysOf('admin', adminSchema).filter((key) => key.startsWith('admin.console.'))
  expect(keys).not.toEqual([])
  expect([...documented('admin.console.')].sort()).toEqual([...keys].sort())
})
