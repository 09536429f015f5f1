import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { loadConfig } from '../../../src/app/config/load.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import type { StageEnd, StageHandle } from '../../../src/app/pipeline/stage.js'
import type { PipelineOptions, StageKind } from '../../../src/app/pipeline/pipeline-options.js'
import { startPipeline } from '../../../src/app/pipeline/supervisor.js'
import type { Deliver, Source } from '../../../src/ingress/source.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { silent } from '../../support/pipeline.js'

export const EVERY = 100
export const NOON = Date.UTC(2026, 0, 5, 12)

/** A source that delivers when the test does. */
export const sourceOf = (onStart: (deliver: Deliver) => void = () => {}): Source => ({
  name: 'test',
  start: async (deliver) => {
    onStart(deliver)
    return { ended: new Promise(() => {}), close: async () => {} }
  },
})

/** A pipeline of these stages, on one log and in a data folder of its own. */
export const running = (
  log: EventLog,
  only: readonly StageKind[],
  more: Partial<PipelineOptions> = {},
  mode = 'wall',
) => {
  const data = mkdtempSync(join(tmpdir(), 'streamvane-run-'))
  onTestFinished(() => rmSync(data, { recursive: true, force: true }))
  const stop = new AbortController()
  const { stages, ended } = startPipeline({
    ...{
      config: loadConfig({ flags: { tenant: 't', data, clock: { mode, everyMs: EVERY } } }),
      logs: singleLog(log),
      only,
      untilCaughtUp: false,
    },
    ...{ sources: [sourceOf()], sinks: [], signal: stop.signal, logger: silent, now: () => NOON, ...more },
  })
  const stage = (name: string): StageHandle => stages.find((each) => each.name === name) as StageHandle
  return { stages, stage, ended, stop: (): Promise<StageEnd> => (stop.abort(), ended) }
}
