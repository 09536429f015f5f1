import { clip } from '../../domain/interval.js'
import type { PointOperation, JoinedOperation } from '../../domain/point-operation.js'
import { unreachable } from '../../domain/unreachable.js'
import type { PointSink } from './point-sink.js'
import type { PointTarget } from './point-target.js'

/**
 * Writes down what is done to a target instead of doing it, times in states by base interval. What is erased is left out: the merger reads the
 * configuration, which says so, itself.
 */
export const pointRecorder = (intervalMs: number, record: (operation: PointOperation) => void): PointTarget => ({
  observe: (point, why) => record({ kind: 'observe', point, why: why ?? null }),
  takeBack: (point, why) => record({ kind: 'take-back', point, why }),
  sink: (families) => {
    const only = families ?? null
    return {
      observe: (point, _, why) => record({ kind: 'joined', only, id: '', point, why: why ?? null }),
      observePending: (id, point, _, why) => record({ kind: 'pending', only, id, point, why: why ?? null }),
      withdraw: (id, point, _, why) => record({ kind: 'withdraw', only, id, point, why: why ?? null }),
      settle: (id, point) => record({ kind: 'settle', only, id, point, why: null }),
    }
  },
  adjust: (userId, stateKind, spans) => {
    for (const { state, from, to, sign } of spans)
      for (const { start, durationMs } of clip(from, to, intervalMs))
        record({ kind: 'adjust', userId, stateKind, state, start, deltaMs: sign * durationMs })
  },
  erase: () => undefined,
})

/** Carries out at a target what was recorded elsewhere. */
export class PointReplay {
  private readonly target: PointTarget
  private readonly sinks = new Map<string, PointSink>()

  constructor(target: PointTarget) {
    this.target = target
  }

  apply(operation: PointOperation): void {
    switch (operation.kind) {
      case 'observe':
        return this.target.observe(operation.point, operation.why ?? undefined)
      case 'take-back':
        return this.target.takeBack(operation.point, operation.why)
      case 'adjust': {
        const { userId, stateKind, state, start, deltaMs } = operation
        const span = { state, from: start, to: start + Math.abs(deltaMs), sign: deltaMs < 0 ? -1 : 1 } as const
        return this.target.adjust(userId, stateKind, [span])
      }
      case 'joined':
      case 'pending':
      case 'withdraw':
      case 'settle':
        return this.applyJoined(operation)
      default:
        return unreachable(operation)
    }
  }

  private applyJoined({ kind, only, id, point, why }: JoinedOperation): void {
    const sink = this.sinkOf(only)
    const reason = why ?? undefined
    // The conversation matters before points are recorded, not to cells.
    switch (kind) {
      case 'joined':
        return sink.observe(point, ofNone, reason)
      case 'pending':
        return sink.observePending(id, point, ofNone, reason)
      case 'withdraw':
        return sink.withdraw(id, point, ofNone, reason)
      case 'settle':
        return sink.settle(id, point, ofNone)
      default:
        return unreachable(kind)
    }
  }

  private sinkOf(only: JoinedOperation['only']): PointSink {
    const key = only?.join(' ') ?? ''
    let sink = this.sinks.get(key)
    if (sink === undefined) this.sinks.set(key, (sink = this.target.sink(only ?? undefined)))
    return sink
  }
}

const ofNone = { conversationId: '' }
