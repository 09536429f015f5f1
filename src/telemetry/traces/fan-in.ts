import type { TraceContext } from '../../log/trace-context.js'
import { LINKS_MAX } from './spans.js'

/** Traces in which the work on one batch is told, at most. */
export const TRACES_MAX = 16

/**
 * One piece of work serves many events, and the sampled ones among them are of different traces. The work is told in
 * each of these traces, so that each of them is a whole tree. As OpenTelemetry's conventions for messaging ask, each
 * such span links to the other events that the same work served. Behind the first `TRACES_MAX` contexts, an event is
 * among these links alone.
 */
export const fanIn = <T extends Readonly<{ context: TraceContext }>>(
  served: readonly T[],
): readonly Readonly<{ of: T; links: readonly TraceContext[] }>[] =>
  served.slice(0, TRACES_MAX).map((of, place) => {
    const others = [...served.slice(TRACES_MAX), ...served.slice(0, TRACES_MAX).filter((_, index) => index !== place)]
    return { of, links: others.slice(0, LINKS_MAX).map(({ context }) => context) }
  })
