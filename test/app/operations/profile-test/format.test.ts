import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { profileTestJsonSchema } from '../../../../src/app/operations/profile-test/format.js'

test('the JSON Schema for editors is that of the format (`npx tsx dev/write-profile-test-schema.ts` writes it)', async () => {
  const file = join(import.meta.dirname, '../../../../schemas/profile-test.schema.json')
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(profileTestJsonSchema())))
})
