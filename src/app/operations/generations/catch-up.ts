import type { Position } from '../../../log/event-log.js'
import type { Generation } from '../../pipeline/generations.js'
import { runProjector } from '../../pipeline/projector/projector.js'
import {
  openKpi,
  snapshotsOf,
  withRowIndex,
  type LiveProjectorOptions,
} from '../../pipeline/projector/projector-stage.js'
import { GaveUp } from '../../pipeline/retry.js'

/** The rebuild did not finish. Its generation is incomplete, was not promoted, and can be ignored. */
export class RebuildFailed extends Error {
  override readonly name: string = 'RebuildFailed'
}

/** The rebuild was told to stop before its generation was complete. */
export class RebuildStopped extends RebuildFailed {
  override readonly name = 'RebuildStopped'
}

/** The log or the configuration does not allow the rebuild; repeating it does not help. */
export class RebuildRefused extends RebuildFailed {
  override readonly name = 'RebuildRefused'
}

export type CatchUpOptions = Omit<LiveProjectorOptions, 'profile'>

/**
 * Projects a generation that is not live until it has folded all that the raw log holds. It goes on behind its last
 * checkpoint, so a process that was killed in the middle costs what was folded since. Throws `RebuildStopped` when the
 * signal aborts, `RebuildRefused` and `RebuildFailed`; `LogLocked` where another process works on the generation for
 * longer than `waitMaxMs`.
 */
export const catchUp = async (options: CatchUpOptions, generation: Generation, waitMaxMs = 0): Promise<void> => {
  const { logs, tenant, data } = options
  const { name, historyThrough } = generation
  const kpi = await openKpi(logs, generation, waitMaxMs, options.signal)
  const snapshots = snapshotsOf(data, tenant, name, logs)
  let reached: Position | undefined
  try {
    const end = await withRowIndex(options, generation, kpi, (told) => {
      const onProgress: typeof told = (progress) => {
        reached = progress.position
        told(progress)
      }
      return runProjector({ ...options, generation, kpi, snapshots, untilCaughtUp: true, onProgress })
    }).catch((cause: unknown) => {
      if (!(cause instanceof GaveUp)) throw cause
      throw new RebuildFailed(`generation ${name} is not complete: ${cause.message}`, { cause })
    })
    if (end.kind === 'stopped')
      throw new RebuildStopped(
        `generation ${name} is not complete: stopped${reached === undefined ? '' : ` at position ${reached} of ${historyThrough}`}; nothing was promoted. \`streamvane projections rebuild --resume ${name}\` goes on there, \`streamvane projections retire ${name}\` gives it up`,
      )
    if (end.kind === 'refused') throw new RebuildRefused(`generation ${name} is not complete: ${end.reason}`)
    if (end.kind !== 'caught-up') throw new RebuildFailed(`generation ${name} is not complete: ${describe(end)}`)
  } finally {
    await snapshots.close()
    await logs.releaseKpi(name) // whoever projects the live generation takes it over once it is promoted
  }
}

const describe = (end: Readonly<{ kind: string; by?: string; reason?: string }>): string =>
  [end.kind, end.by, end.reason].filter(Boolean).join(': ')
