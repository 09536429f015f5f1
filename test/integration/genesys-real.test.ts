import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { KnownConfiguration } from '../../src/app/operations/genesys/sync/known-configuration.js'
import { planSync } from '../../src/app/operations/genesys/sync/plan-sync.js'
import { storePlan } from '../../src/app/operations/genesys/sync/sync.js'
import { Secret } from '../../src/credentials/secret.js'
import { genesysClient } from '../../src/genesys/client.js'
import { hostsOf } from '../../src/genesys/regions.js'
import { memoryLog } from '../../src/log/memory-log.js'

/** An organisation to test against: the client needs the role of docs/sources/genesys.md. Nothing is changed in it. */
const { GENESYS_REGION: region, GENESYS_CLIENT_ID: clientId, GENESYS_CLIENT_SECRET: secret } = process.env
const lacking = 'skipped: GENESYS_REGION, GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET name no organisation'
const isNamed = region !== undefined && clientId !== undefined && secret !== undefined

describe.skipIf(!isNamed)(`the real Genesys Cloud${isNamed ? '' : ` (${lacking})`}`, () => {
  test('is synced whole, and synced again without a change', { timeout: 600_000 }, async () => {
    const hosts = hostsOf(region ?? '')
    if (hosts === undefined) throw new Error(`GENESYS_REGION ${region}: there is no such region`)
    const client = genesysClient({ hosts, clientId: clientId ?? '', clientSecret: Secret.literal(secret ?? '') })
    const [raw, known] = [memoryLog(), new KnownConfiguration('t')]
    const { signal } = new AbortController()
    const planned = async () => {
      await known.refresh(raw)
      const given = { client, known, organisationSettings: undefined, acceptRemovals: false, now: Date.now(), signal }
      const plan = await planSync(given)
      if (E.isLeft(plan)) throw new Error(JSON.stringify(plan.left))
      return plan.right
    }
    try {
      const first = await planned()
      expect(first.problems).toEqual([])
      expect(first.organisation?.id).toMatch(/^[0-9a-f-]{36}$/)
      await storePlan(raw, first, { tenant: 't', now: Date.now() })
      expect((await planned()).changed).toEqual([])
    } finally {
      await client.close()
    }
  })
})
