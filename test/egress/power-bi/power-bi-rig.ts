import { onTestFinished } from 'vitest'
import type { Destination } from '../../../src/egress/at-least-once/destination.js'
import { powerBiDestination, type Clock } from '../../../src/egress/power-bi/destination.js'
import type { PowerBiOptions } from '../../../src/egress/power-bi/options.js'
import { defaultFigures } from '../../../src/egress/power-bi/tables.js'
import { StandInPowerBi } from '../../support/power-bi/service.js'

export const idle = new AbortController().signal

export const service = async (): Promise<StandInPowerBi> => {
  const started = await StandInPowerBi.start()
  onTestFinished(() => started.close())
  return started
}

/** The sink makes the semantic model; its token is `token`. */
export const optionsFor = (to: StandInPowerBi, more: Partial<PowerBiOptions> = {}): PowerBiOptions => ({
  apiUrl: to.url,
  workspaceId: to.workspaceId,
  dataset: { name: 'KPIs', create: true, retention: 'basicFIFO' },
  families: ['queue', 'agent', 'agent-state'],
  figures: defaultFigures,
  tokens: { current: async () => ({ value: 'token', expiresAt: Infinity }), discard: () => true },
  requestTimeoutMs: 10_000,
  ...more,
})

export const opened = async (
  to: StandInPowerBi,
  more: Partial<PowerBiOptions> = {},
  clock?: Clock,
): Promise<Destination> => {
  const destination = powerBiDestination(optionsFor(to, more), clock)
  onTestFinished(() => destination.close())
  const answer = await destination.open(idle)()
  if (answer._tag === 'Left') throw new Error(JSON.stringify(answer.left))
  return destination
}
