import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { keepSecrets, staleSecrets } from '../../../src/app/config/secrets/keep-secrets.js'
import { openConfig } from '../../../src/app/config/load.js'
import { azureStandIn } from '../../support/vaults/azure.js'

/** A kept configuration; a step of the test is a period of `secrets.refreshMs`. */
const kept = async () => {
  const azure = await azureStandIn()
  onTestFinished(() => azure.close())
  azure.vault.set('token', 'planted-token-number-1')
  const reference = `keyvault:${azure.url}/secrets/token`
  const env = { ...azure.env, STREAMVANE_INGRESS__TOKEN: reference, STREAMVANE_SECRETS__REFRESH_MS: '10000' }
  const config = await openConfig({ env })
  const lines: Record<string, unknown>[] = []
  const logger = pino({ base: null }, { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) })
  return { azure, config, reference, lines, logger }
}

test('a rotated secret is in use after a period, and one line names its version and not its value', async () => {
  const { azure, config, reference, lines, logger } = await kept()
  const stop = new AbortController()
  const pauses: number[] = []
  await keepSecrets(config, {
    ...{ logger, isTroubled: () => false, signal: stop.signal },
    pause: async (ms) => {
      pauses.push(ms)
      if (pauses.length === 2) azure.vault.set('token', 'planted-token-number-2')
      if (pauses.length === 4) stop.abort()
    },
  })
  expect(pauses).toEqual([10_000, 10_000, 10_000, 10_000])
  expect(config.ingress.token?.read()).toBe('planted-token-number-2')
  expect(lines).toEqual([
    expect.objectContaining({ msg: 'secrets: one has a new version', secret: reference, version: 'v2' }),
  ])
  expect(JSON.stringify(lines)).not.toContain('planted')
})

test('a vault that goes away and comes back is told once each, and health says since when', async () => {
  const { azure, config, lines, logger } = await kept()
  const stop = new AbortController()
  const seen: (number | undefined)[] = []
  await keepSecrets(config, {
    ...{ logger, isTroubled: () => false, signal: stop.signal },
    pause: async () => {
      seen.push(staleSecrets(config)?.count)
      if (seen.length === 1) azure.failWith({ status: 503 })
      if (seen.length === 3) azure.failWith(undefined)
      if (seen.length === 4) stop.abort()
    },
  })
  expect(seen).toEqual([undefined, 1, 1, undefined])
  expect(config.ingress.token?.read()).toBe('planted-token-number-1')
  expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
    [40, 'secrets: one cannot be read anew; its last value stays in use'],
    [30, 'secrets: one can be read again'],
  ])
  expect(lines[0]).toMatchObject({ reason: expect.stringContaining('answers 503') as string })
})

test('while something does not work secrets are read anew every ten seconds, else once a period', async () => {
  const { azure, config, logger } = await kept()
  const stop = new AbortController()
  const readsAfter: number[] = []
  let steps = 0
  await keepSecrets(
    { ...config, secrets: { refreshMs: 300_000 } },
    {
      ...{ logger, isTroubled: () => steps > 35, signal: stop.signal },
      pause: async () => {
        readsAfter.push(azure.asked.filter(({ path }) => path.startsWith('/secrets/')).length)
        if (++steps === 38) stop.abort()
      },
    },
  )
  const first = readsAfter[0] ?? 0
  expect(readsAfter.map((reads) => reads - first)).toEqual([...Array<number>(30).fill(0), ...[1, 1, 1, 1, 1, 1, 2, 3]])
})

test('a configuration without secrets in a vault has nothing to keep', async () => {
  const { logger } = await kept()
  const pause = () => Promise.reject(new Error('it waited'))
  await keepSecrets(await openConfig({ env: {} }), {
    logger,
    isTroubled: () => false,
    signal: new AbortController().signal,
    pause,
  })
})
