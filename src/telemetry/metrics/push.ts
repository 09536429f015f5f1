import type { Resource } from '@opentelemetry/resources'
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { Meters } from './meters.js'
import { resourceMetrics } from './otlp.js'

export type PushTo = 'otlp' | 'application-insights'

/** What the log says of a receiver of metrics. */
export type PushLog = Readonly<{
  info: (details: object, message: string) => void
  warn: (details: object, message: string) => void
}>

export type PushOptions = Readonly<{
  to: PushTo
  exporter: PushMetricExporter
  resource: Resource
  everyMs: number
  /** One push may take so long. */
  timeoutMs: number
  /** The last push, at the end of the process, may take so long: a receiver that is away holds up no end. */
  lastMaxMs?: number
  logger: PushLog
  now: () => number
}>

const LAST_MAX_MS = 3_000
/** `ExportResultCode.SUCCESS` of @opentelemetry/core, which is no dependency of ours. */
const SUCCESS = 0

/**
 * Pushes the metrics at intervals, one push at a time, and once more at the end. Nothing is kept for a receiver that is
 * away: sums are cumulative, so the next push has all of it. The log has one line when pushes begin to fail and one
 * when they are taken again. Resolves `close` within `lastMaxMs`.
 */
export const startPush = (meters: Meters, options: PushOptions): Readonly<{ close: () => Promise<void> }> => {
  const { to, exporter, resource, everyMs, timeoutMs, lastMaxMs = LAST_MAX_MS, logger, now } = options
  const beganAt = performance.timeOrigin
  let failedSince: number | undefined
  let pushing: Promise<void> | undefined

  const exported = async (): Promise<string | undefined> => {
    const metrics = resourceMetrics(await meters.read(), resource, { beganAt, at: now() })
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(`no answer within ${timeoutMs} ms`), timeoutMs)
      timer.unref()
      exporter.export(metrics, ({ code, error }) => {
        clearTimeout(timer)
        const answered: number = code
        resolve(answered === SUCCESS ? undefined : (error?.message ?? 'it was not taken'))
      })
    })
  }
  const push = async (): Promise<void> => {
    const problem = await exported().catch((cause: unknown) => String(cause))
    if (problem !== undefined) {
      meters.add('pushFailures', [to])
      if (failedSince === undefined)
        logger.warn({ to, problem }, 'telemetry: metrics are not taken, tried again at each interval')
      failedSince ??= now()
    } else if (failedSince !== undefined) {
      logger.info({ to, since: new Date(failedSince).toISOString() }, 'telemetry: metrics are taken again')
      failedSince = undefined
    }
  }
  const pushOnce = (): Promise<void> =>
    (pushing ??= push().finally(() => {
      pushing = undefined
    }))
  const timer = setInterval(() => void pushOnce(), everyMs)
  timer.unref()
  return {
    close: async () => {
      clearInterval(timer)
      const last = async (): Promise<void> => {
        await pushing
        await pushOnce()
        await exporter.shutdown().catch(() => undefined)
      }
      let limit: NodeJS.Timeout | undefined
      await Promise.race([
        last(),
        new Promise<void>((resolve) => {
          limit = setTimeout(resolve, lastMaxMs)
        }),
      ])
      clearTimeout(limit)
    },
  }
}
