/**
 * Writes `schemas/openapi.json`, the document of the admin API, from its table of operations, and
 * `schemas/feeds-openapi.json`, that of the server of feeds: `tsx dev/write-openapi.ts`.
 */
import { writeFileSync } from 'node:fs'
import { openApi } from '../src/http/admin/openapi/document.js'
import { feedsOpenApi } from '../src/http/feeds/openapi.js'
import { operations } from '../src/http/admin/operations/table.js'
import { version } from '../src/cli/version.js'

writeFileSync(
  new URL('../schemas/openapi.json', import.meta.url),
  `${JSON.stringify(openApi(operations, version()), null, 2)}\n`,
)
writeFileSync(
  new URL('../schemas/feeds-openapi.json', import.meta.url),
  `${JSON.stringify(feedsOpenApi(version()), null, 2)}\n`,
)
console.log('wrote openapi.json and feeds-openapi.json')
