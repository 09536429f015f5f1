import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { azureStandIn } from '../support/vaults/azure.js'
import { running, scratchFolder, streamvane } from '../support/streamvane.js'
import { bodies } from '../ingress/envelopes.js'

const TOKENS = ['planted-token-before-rotation', 'planted-token-after-rotation'] as const

const azure = async () => {
  const service = await azureStandIn()
  onTestFinished(() => service.close())
  service.vault.set('ingress-token', TOKENS[0])
  return service
}

test('run takes the token of its ingress from Key Vault, and a rotated one without a restart; its log shows neither', async () => {
  const vault = await azure()
  const data = await scratchFolder()
  const started = running(['run', '--only', 'ingress', '--port', '0'], {
    ...vault.env,
    STREAMVANE_DATA: join(data, 'data'),
    STREAMVANE_INGRESS__TOKEN: `keyvault:${vault.url}/secrets/ingress-token`,
    STREAMVANE_SECRETS__REFRESH_MS: '1000',
  })
  const { url } = JSON.parse(await started.said('ingress: listening')) as { url: string }
  const { template, id, body } = bodies.metrics
  const post = async (token: string): Promise<number> => {
    const event = JSON.stringify({ topicName: template.replace('{id}', id), eventBody: body })
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    return (await fetch(`${url}/v1/events`, { method: 'POST', headers, body: event })).status
  }
  expect([await post(TOKENS[0]), await post(TOKENS[1])]).toEqual([200, 401])
  vault.vault.set('ingress-token', TOKENS[1])
  await started.said('secrets: one has a new version')
  expect([await post(TOKENS[0]), await post(TOKENS[1])]).toEqual([401, 200])
  vault.failWith({ status: 503 })
  await started.said('its last value stays in use')
  expect(await post(TOKENS[1])).toBe(200)
  const ready = await fetch(`${url}/readyz`)
  expect([ready.status, await ready.json()]).toEqual([
    200,
    expect.objectContaining({ staleSecrets: { count: 1, since: expect.any(String) as string } }),
  ])
  started.kill('SIGTERM')
  expect((await started.ended).code).toBe(0)
  expect(started.stderr()).not.toMatch(/planted/)
}, 120_000)

test('config check names what is in vaults; --resolve reads it, and exit code 4 says what is missing', async () => {
  const vault = await azure()
  vault.settings.push(
    { key: 'tenant', value: 'acme', label: 'prod' },
    {
      key: 'ingress:token',
      value: JSON.stringify({ uri: `${vault.url}/secrets/ingress-token` }),
      contentType: 'application/vnd.microsoft.appconfig.keyvaultref+json',
    },
  )
  const check = ['config', 'check', '--config', `appconfig:${vault.url}?label=prod`]
  const offline = await streamvane(check, { env: vault.env })
  expect(offline).toMatchObject({ code: 0, stdout: expect.stringMatching(/^tenant: acme$/m) as string })
  expect(offline.stderr).toMatch(/ingress\.token: keyvault:.*ingress-token: not asked for; --resolve reads it/)
  const resolved = await streamvane([...check, '--resolve'], { env: vault.env })
  expect(resolved).toMatchObject({ code: 0, stderr: expect.stringMatching(/ingress-token: version v1/) as string })
  vault.failWith({ status: 403 }, ({ path }) => path.startsWith('/secrets/'))
  const refused = await streamvane([...check, '--resolve'], { env: vault.env })
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('Key Vault Secrets User') as string })
  for (const { stdout, stderr } of [offline, resolved, refused]) expect(stdout + stderr).not.toMatch(/planted/)
}, 120_000)
