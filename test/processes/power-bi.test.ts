import { onTestFinished } from 'vitest'
import { tableOf } from '../../src/contract/flat-columns.js'
import { familyNames } from '../../src/domain/family.js'
import { chance } from '../support/chance.js'
import { StandInPowerBi, type ApiFault } from '../support/power-bi/service.js'
import { standInIssuer } from '../support/secure-kafka/token-issuer.js'
import { sinkUnderFire, type ArrivedRow } from '../support/sink-under-fire.js'

sinkUnderFire('rows in Power BI', async () => {
  const [service, issuer] = [await StandInPowerBi.start(), await standInIssuer()]
  onTestFinished(() => service.close())
  onTestFinished(() => issuer.close())
  // Each process counts anew, and a minute is long for a test.
  service.limits.requests = Infinity
  const random = chance(11)
  const faults: readonly ApiFault[] = [
    'drop',
    'lose',
    { status: 500 },
    { status: 429, headers: { 'retry-after': '0' } },
  ]
  service.judge = () => (random.below(12) === 0 ? random.oneOf(faults) : undefined)
  return {
    sink: {
      ...{ use: 'power-bi', apiUrl: service.url, workspaceId: service.workspaceId },
      dataset: { name: 'KPIs', create: true },
      ...{ tenantId: 'contoso', clientId: 'app', clientSecret: { env: 'APP_SECRET' }, authorityHost: issuer.url },
    },
    env: { APP_SECRET: 'sesame' },
    // Three requests a batch, of 120 in a minute and process.
    batchRows: 60,
    promises: 'at-least-once',
    values: 'none',
    arrived: async () =>
      familyNames.flatMap((family) =>
        service.rows(tableOf(family)).map((row) => {
          const { record_id: identity, generation, key, revision } = row as ArrivedRow & { record_id: string }
          return { identity, generation, key, revision }
        }),
      ),
  }
})
