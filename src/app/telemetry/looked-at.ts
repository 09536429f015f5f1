import type { Gauge, Gauges } from '../../telemetry/metrics/meters.js'

/**
 * Gauges that cost much to look at: once per `everyMs` at most, and only while somebody reads the metrics. A reading does
 * not wait for longer than `waitMs`: it gets what was seen last.
 */
export const lookedAt = (
  look: () => Promise<readonly Gauge[]>,
  { everyMs, waitMs, now }: Readonly<{ everyMs: number; waitMs: number; now: () => number }>,
): Gauges => {
  let seen: readonly Gauge[] = []
  let lookedLast = -Infinity
  let looking: Promise<void> | undefined
  return async () => {
    if (looking === undefined && now() - lookedLast >= everyMs) {
      lookedLast = now()
      looking = look()
        .then(
          (gauges) => {
            seen = gauges
          },
          () => {
            seen = []
          },
        )
        .finally(() => {
          looking = undefined
        })
    }
    if (looking !== undefined) {
      let timer: NodeJS.Timeout | undefined
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, waitMs)
        timer.unref()
      })
      await Promise.race([looking, limit])
      clearTimeout(timer)
    }
    return seen
  }
}
