import { request } from 'undici'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import { entraTokens } from '../../../src/credentials/entra-id.js'
import { powerBiDestination } from '../../../src/egress/power-bi/destination.js'
import type { PowerBiOptions } from '../../../src/egress/power-bi/options.js'
import { queueRow, sinkRecord } from '../../contract/some-rows.js'
import { StandInPowerBi } from '../../support/power-bi/service.js'
import { idle, optionsFor } from './power-bi-rig.js'

type Reached = Pick<PowerBiOptions, 'apiUrl' | 'workspaceId' | 'tokens'>

const { POWER_BI_WORKSPACE_ID, AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET } = process.env
const missing = Object.entries({ POWER_BI_WORKSPACE_ID, AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET })
  .filter(([, value]) => value === undefined)
  .map(([name]) => name)

const real = async (): Promise<Reached> => ({
  apiUrl: 'https://api.powerbi.com',
  workspaceId: POWER_BI_WORKSPACE_ID ?? '',
  tokens: entraTokens({
    ...{ kind: 'secret', scope: 'https://analysis.windows.net/powerbi/api/.default' },
    ...{ tenantId: AZURE_TENANT_ID ?? '', clientId: AZURE_CLIENT_ID ?? '' },
    clientSecret: Secret.literal(AZURE_CLIENT_SECRET ?? ''),
  }),
})

const standIn = async (): Promise<Reached> => {
  const service = await StandInPowerBi.start()
  onTestFinished(() => service.close())
  const { apiUrl, workspaceId, tokens } = optionsFor(service)
  return { apiUrl, workspaceId, tokens }
}

/** The same on both. On the real one the tenant setting *Dataset Execute Queries REST API* must be on. */
const suite = (reach: () => Promise<Reached>): void => {
  test('a semantic model is made, holds every revision that was pushed, and is found again by its name', async () => {
    const reached = await reach()
    const { apiUrl, workspaceId, tokens } = reached
    const name = `streamvane-test-${Date.now()}`
    const call = async (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => {
      const { value } = await tokens.current()
      const answer = await request(`${apiUrl}/v1.0/myorg/groups/${workspaceId}/datasets${path}`, {
        ...{ method, body: body === undefined ? null : JSON.stringify(body) },
        headers: { authorization: `Bearer ${value}`, 'content-type': 'application/json' },
      })
      const text = await answer.body.text()
      return text === '' ? undefined : (JSON.parse(text) as unknown)
    }
    const idOf = async (): Promise<string | undefined> => {
      const { value } = (await call('GET', '')) as { value: readonly Readonly<{ id: string; name: string }>[] }
      return value.find((each) => each.name === name)?.id
    }
    const dataset = { name, create: true, retention: 'None' } as const
    for (const revision of [1, 2]) {
      const destination = powerBiDestination({
        ...reached,
        ...{ dataset, families: ['queue'], figures: ['n_offered'], requestTimeoutMs: 60_000 },
      })
      expect(await destination.open(idle)()).toMatchObject({ _tag: 'Right' })
      expect(await destination.deliver([sinkRecord(queueRow({ revision }))], idle)()).toMatchObject({ _tag: 'Right' })
      await destination.close()
    }
    const id = (await idOf()) ?? ''
    try {
      const query = { queries: [{ query: "EVALUATE 'queue_metrics'" }] }
      const answer = (await call('POST', `/${id}/executeQueries`, query)) as {
        results: readonly Readonly<{ tables: readonly Readonly<{ rows: readonly Record<string, unknown>[] }>[] }>[]
      }
      const rows = answer.results[0]?.tables[0]?.rows ?? []
      expect(rows.map((row) => row['queue_metrics[row_version]']).sort()).toEqual([1_000_000_001, 1_000_000_002])
    } finally {
      await call('DELETE', `/${id}`)
    }
    expect(await idOf()).toBeUndefined()
  }, 120_000)
}

describe('the stand-in of Power BI', () => suite(standIn))
describe.skipIf(missing.length > 0)(
  `the real Power BI${missing.length > 0 ? ` (skipped: ${missing.join(', ')} not set)` : ''}`,
  () => suite(real),
)
