import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../../../src/app/config/load.js'
import { checkGenesys } from '../../../../src/app/operations/doctor/check-genesys.js'
import type { Check } from '../../../../src/app/operations/doctor/check.js'
import { embeddedLogs } from '../../../../src/app/pipeline/logs/logs.js'
import { CLIENT, smallOrganisation } from '../../../support/genesys/organisation.js'
import { standInGenesys, type StandIn } from '../../../support/genesys/server.js'

const setup = async (): Promise<
  Readonly<{ platform: StandIn; examined: (secret?: string) => Promise<readonly Check[]> }>
> => {
  const platform = await standInGenesys({ organisation: smallOrganisation() })
  onTestFinished(() => platform.close())
  return {
    platform,
    examined: (secret = CLIENT.secret) => {
      const genesys = { url: platform.url, clientId: CLIENT.id, clientSecret: { env: 'GENESYS_SECRET' } }
      const config = loadConfig({ env: { GENESYS_SECRET: secret }, flags: { genesys } })
      const logs = embeddedLogs('/nowhere', 'test')
      return checkGenesys({ config, logs, logger: pino({ level: 'silent' }), version: 'test', now: Date.now })
    },
  }
}

test('a client that may read everything is well, and its permissions are listed', async () => {
  const { examined } = await setup()
  expect(await examined()).toMatchObject([
    { state: 'ok', what: 'organisation', says: expect.stringMatching(/^Stand-in \(0d6a0a38-/) as string },
    { state: 'ok', what: 'permissions', says: expect.stringContaining('routing:queue:view') as string },
  ])
})

test('each permission that the role lacks is a warning that names it', async () => {
  const { platform, examined } = await setup()
  platform.organisation.permissions.delete('routing:skill:view')
  platform.organisation.permissions.delete('directory:user:view')
  expect((await examined()).filter(({ state }) => state === 'warning')).toMatchObject([
    { what: 'users', mend: "give the client's role directory:user:view in every division" },
    { what: 'skills', mend: "give the client's role routing:skill:view in every division" },
  ])
})

test('a client that is refused is a failure', async () => {
  const { examined } = await setup()
  expect(await examined('wrong')).toMatchObject([
    { state: 'failure', what: 'organisation', says: expect.stringContaining('Genesys refuses the client') as string },
  ])
})

test('without an organisation in the configuration there is nothing to look at', async () => {
  const { logs, logger } = { logs: embeddedLogs('/nowhere', 'test'), logger: pino({ level: 'silent' }) }
  expect(await checkGenesys({ config: loadConfig({ env: {} }), logs, logger, version: 'test', now: Date.now })).toEqual(
    [],
  )
})
