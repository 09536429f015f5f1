/**
 * Test support: `npm run test:eventstoredb` has a real server where a Docker engine answers and none is named; all its
 * tests find it in `EVENTSTOREDB_URL`.
 */
import { realEventStoreDb } from './container.js'
import { versionOf } from './version.js'

export default async (): Promise<(() => Promise<void>) | undefined> => {
  if (process.env['STREAMVANE_REAL_EVENTSTOREDB'] !== '1') return undefined
  const real = await realEventStoreDb()
  if (real.kind === 'missing') {
    console.error(`[eventstoredb] no real server: ${real.why}. Everything runs on a store in memory.`)
    return undefined
  }
  console.error(`[eventstoredb] a real server, version ${await versionOf(real.connectionString)}: ${real.why}`)
  process.env['EVENTSTOREDB_URL'] = real.connectionString
  return real.stop
}
