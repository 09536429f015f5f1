import * as E from 'fp-ts/lib/Either.js'
import { expect, onTestFinished, test } from 'vitest'
import { genesysClientOf } from '../../../../src/app/operations/genesys/open-client.js'
import { loadConfig } from '../../../../src/app/config/load.js'
import { CLIENT, smallOrganisation } from '../../../support/genesys/organisation.js'
import { standInGenesys } from '../../../support/genesys/server.js'

test('who opens a client with the same settings shares its token, until the last has closed it', async () => {
  const platform = await standInGenesys({ organisation: smallOrganisation() })
  onTestFinished(() => platform.close())
  const genesys = { url: platform.url, clientId: CLIENT.id, clientSecret: { env: 'GENESYS_SECRET' } }
  const settings = loadConfig({ env: { GENESYS_SECRET: CLIENT.secret }, flags: { genesys } }).genesys!
  const { signal } = new AbortController()
  const asks = async (client: ReturnType<typeof genesysClientOf>): Promise<boolean> =>
    E.isRight(await client.call({ method: 'GET', path: '/api/v2/routing/skills' }, signal))
  const [one, other] = [genesysClientOf(settings), genesysClientOf(settings)]
  expect([await asks(one), await asks(other)]).toEqual([true, true])
  expect(platform.count(/oauth/)).toBe(1)
  await one.close()
  await one.close()
  expect(await asks(other)).toBe(true)
  await other.close()
  const next = genesysClientOf(settings)
  expect(await asks(next)).toBe(true)
  expect(platform.count(/oauth/)).toBe(2)
  await next.close()
})
