/** Writes `schemas/profile-test.schema.json`, which editors check profile tests with: `tsx dev/write-profile-test-schema.ts`. */
import { writeFileSync } from 'node:fs'
import { profileTestJsonSchema } from '../src/app/operations/profile-test/format.js'

const file = new URL('../schemas/profile-test.schema.json', import.meta.url)
writeFileSync(file, `${JSON.stringify(profileTestJsonSchema(), null, 2)}\n`)
console.log(`wrote ${file.pathname}`)
