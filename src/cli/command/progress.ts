import { Presets, SingleBar } from 'cli-progress'
import type { Logger } from 'pino'
import { bytesText, countText, spanText } from './figures.js'
import { Pace } from './pace.js'
import { cut } from './text-width.js'

export type Progress = Readonly<{ update: (value: number, note?: string) => void; stop: () => void }>

/** What the value counts (default: no unit is said), and where progress is told if stderr is no terminal. */
export type ProgressOptions = Readonly<{ unit?: 'bytes' | 'events' | 'rows' | 'records'; logger?: Logger | undefined }>

const silent: Progress = { update: () => undefined, stop: () => undefined }

const LOG_EVERY_MS = 10_000
const TITLE_WIDTH = 24

/**
 * Progress on stderr, with rate and time left: a bar on a terminal; elsewhere, with a logger, a line of the log every
 * ten seconds. It does nothing if the total is unknown.
 */
export const progressBar = (
  title: string,
  total: number | undefined,
  { unit, logger }: ProgressOptions = {},
): Progress => {
  if (total === undefined || total === 0) return silent
  const rateOf = (perSecond: number | undefined): string =>
    perSecond === undefined
      ? ''
      : unit === 'bytes'
        ? `${bytesText(Math.round(perSecond))}/s`
        : `${countText(Math.round(perSecond))}${unit === undefined ? '' : ` ${unit}`}/s`
  if (process.stderr.isTTY) return bar(title, total, rateOf)
  return logger === undefined ? silent : lines(title, total, rateOf, logger)
}

type RateText = (perSecond: number | undefined) => string

const bar = (title: string, total: number, rateOf: RateText): Progress => {
  const shown = new SingleBar(
    {
      format: `${cut(title, TITLE_WIDTH)} {bar} {percentage}%{rate}{left}{note}`,
      stream: process.stderr,
      hideCursor: true,
      barsize: 20,
    },
    Presets.shades_classic,
  )
  const pace = new Pace(performance.now())
  shown.start(total, 0, { rate: '', left: '', note: '' })
  return {
    update: (value, note = '') => {
      pace.mark(performance.now(), value)
      const left = pace.leftMs(total)
      const rate = rateOf(pace.perSecond)
      shown.update(Math.min(value, total), {
        rate: rate === '' ? '' : ` | ${rate}`,
        left: left === undefined ? '' : ` | ${spanText(left)} left`,
        note: note === '' ? '' : ` | ${note}`,
      })
    },
    stop: () => shown.stop(),
  }
}

const lines = (title: string, total: number, rateOf: RateText, logger: Logger): Progress => {
  const pace = new Pace(performance.now())
  let toldAt = performance.now()
  return {
    update: (value, note = '') => {
      const now = performance.now()
      pace.mark(now, value)
      if (now - toldAt < LOG_EVERY_MS) return
      toldAt = now
      const left = pace.leftMs(total)
      logger.info(
        {
          done: value,
          total,
          ...(pace.perSecond !== undefined && { rate: rateOf(pace.perSecond) }),
          ...(left !== undefined && { left: spanText(left) }),
          ...(note !== '' && { note }),
        },
        `${title}: ${Math.floor((100 * value) / total)} %`,
      )
    },
    stop: () => undefined,
  }
}
