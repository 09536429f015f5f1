import type { Logger } from 'pino'
import { SourceRefused, type RunningSource, type Source } from '../../../ingress/source.js'
import type { SourceState } from '../activity.js'
import type { StageEnd } from '../stage.js'

export type WatchedSources = Readonly<{
  /** Of the sources that read from other systems. */
  states: () => readonly SourceState[]
  /** How the ingress ends by its sources; `undefined`: all have ended well. */
  ended: Promise<StageEnd | undefined>
}>

/** Whether a source cannot reach the system that it reads from; one that has just begun to connect is not told. */
export const isAway = ({ state, problem }: SourceState): boolean => state === 'connecting' && problem !== undefined

/**
 * Watches over running sources. A source without health (HTTP, a file) that fails ends the ingress. One that reads from
 * another system does not: as with sinks, a refused one does not hold up the rest. It ends the ingress once no source is
 * left.
 */
export const watchSources = (
  sources: readonly Source[],
  running: readonly RunningSource[],
  { now, logger }: Readonly<{ now: () => number; logger: Logger }>,
): WatchedSources => {
  const over = new Map<RunningSource, Readonly<{ since: number; problem?: string }>>()
  let left = running.length
  let failure: StageEnd | undefined
  const ended = new Promise<StageEnd | undefined>((resolve) => {
    if (left === 0) resolve(undefined)
    running.forEach((source, index) => {
      void source.ended.then((end) => {
        left -= 1
        const { name } = sources[index] as Source
        over.set(source, { since: now(), ...(end.kind === 'failed' && { problem: wordsOf(end.cause) }) })
        if (end.kind === 'failed') {
          failure ??= stageEndOf(name, end.cause)
          if (source.health === undefined) return resolve({ kind: 'failed', cause: end.cause })
          logger.error(
            { source: name, err: end.cause },
            'ingress: a source ended; start the process again once it is mended',
          )
        }
        if (left === 0) resolve(failure)
      })
    })
  })
  const states = (): readonly SourceState[] =>
    running.flatMap((source, index): readonly SourceState[] => {
      if (source.health === undefined) return []
      const { name } = sources[index] as Source
      const end = over.get(source)
      return [end === undefined ? { name, ...source.health() } : { name, state: 'ended', ...end }]
    })
  return { states, ended }
}

const stageEndOf = (name: string, cause: unknown): StageEnd =>
  cause instanceof SourceRefused
    ? { kind: 'refused', reason: `source ${name}: ${cause.message}` }
    : { kind: 'failed', cause }

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
