import type { LiveRows } from '../../../http/console/shapes.js'
import type { Failure } from '../../frame/asking/answers.js'
import type { Api } from '../../frame/asking/api.js'
import type { Live } from '../../frame/live/live.js'
import type { FigureItem, Granularity } from './answers.js'
import { itemOf, lacksTerms, merged, type LiveRow } from './live-figures.js'
import { readLines } from './read-lines.js'

/** Which figures: intervals that start in `[from, to)`, epoch ms. */
export type WantedFigures = Readonly<{
  family: string
  /** In the order of the family. */
  dimensions: readonly string[]
  granularity: Granularity
  /** The granularity of the rows that are published as they change. */
  base: Granularity
  from: number
  to: number
  columns: readonly string[]
  /** Of each column: is it the ratio of two sums? */
  isRatio: readonly boolean[]
}>

export type Followed = Readonly<{
  items: readonly FigureItem[]
  isLoading: boolean
  failure: Failure | undefined
  /** More rows than the page takes: choose fewer days, or longer intervals. */
  isCut: boolean
  /** Keys of the rows that came in live last. */
  fresh: ReadonlySet<string>
}>

const noKeys: ReadonlySet<string> = new Set()
export const nothingYet: Followed = { items: [], isLoading: true, failure: undefined, isCut: false, fresh: noKeys }

/** So many rows a browser still sorts and filters at once. */
export const ROWS_MAX = 150_000
/** While rows are read they are told this often. */
const TELL_MS = 500
/** What the API must work out after live rows came is read again this often at most. */
const READ_AGAIN_MS = 5_000
/** Rows are read once the live connection is open, so that none falls between; without one they are read after this. */
const WITHOUT_LIVE_MS = 400
const FRESH_MS = 2_500

/**
 * Reads figures as they come, and keeps them current by live rows, until it is ended. Figures that a live row does not
 * hold, of longer intervals and terms of ratios that divide by 0, are read again from the API. Returns what ends it.
 */
export const followFigures = (
  { api, live }: Readonly<{ api: Api; live: Live }>,
  wanted: WantedFigures,
  onChange: (followed: Followed) => void,
): (() => void) => {
  const gone = new AbortController()
  let state = nothingYet
  const told = (next: Partial<Followed>): void => {
    state = { ...state, ...next }
    if (!gone.signal.aborted) onChange(state)
  }

  let reading: AbortController | undefined
  /** Live rows that came while all were read. */
  let waiting: FigureItem[] = []
  const read = async (): Promise<void> => {
    reading?.abort()
    const own = new AbortController()
    reading = own
    const isFirst = state.items.length === 0
    const items: FigureItem[] = []
    let toldAt = Date.now()
    const signal = AbortSignal.any([gone.signal, own.signal])
    const answer = await readLines<FigureItem>(addressOf(api, wanted, wanted.from, wanted.to), signal, (next) => {
      items.push(...next)
      if (items.length >= ROWS_MAX) own.abort()
      else if (isFirst && Date.now() - toldAt >= TELL_MS) {
        toldAt = Date.now()
        told({ items: [...items] })
      }
    })
    if (gone.signal.aborted || reading !== own) return
    reading = undefined
    const isCut = items.length >= ROWS_MAX
    if (!answer.ok && !isCut) {
      // Who is signed out finds that by a call that says so.
      if (answer.failure.kind === 'signed-out') void api.call('GET', '/session')
      return told({ isLoading: false, failure: answer.failure })
    }
    told({ items: merged(items.slice(0, ROWS_MAX), waiting), isLoading: false, failure: undefined, isCut })
    waiting = []
  }

  let freshTimer: ReturnType<typeof setTimeout> | undefined
  const take = (next: readonly FigureItem[]): void => {
    if (next.length === 0) return
    if (reading !== undefined) return void waiting.push(...next)
    told({ items: merged(state.items, next), fresh: new Set(next.map(({ key }) => key)) })
    clearTimeout(freshTimer)
    freshTimer = setTimeout(() => told({ fresh: noKeys }), FRESH_MS)
  }

  let stale: Readonly<{ from: number; to: number }> | undefined
  let staleTimer: ReturnType<typeof setTimeout> | undefined
  const readAgain = (rows: readonly FigureItem[]): void => {
    for (const { intervalStart, intervalEnd } of rows) {
      const [from, to] = [Date.parse(intervalStart), Date.parse(intervalEnd)]
      stale = { from: Math.min(from, stale?.from ?? from), to: Math.max(to, stale?.to ?? to) }
    }
    if (stale !== undefined) staleTimer ??= setTimeout(() => void readStale(), READ_AGAIN_MS)
  }
  const readStale = async (): Promise<void> => {
    const { from, to } = stale ?? wanted
    ;[stale, staleTimer] = [undefined, undefined]
    const found: FigureItem[] = []
    const address = addressOf(api, wanted, earliestStart(wanted, from), to)
    const answer = await readLines<FigureItem>(address, gone.signal, (next) => found.push(...next))
    if (answer.ok && !gone.signal.aborted) take(found)
  }

  const onRows = ({ rows }: LiveRows): void => {
    const next = rows.flatMap((row) => {
      const item = itemOf(row as unknown as LiveRow, wanted.dimensions, wanted.columns)
      const start = Date.parse(item.intervalStart)
      return start >= wanted.from && start < wanted.to ? [item] : []
    })
    if (wanted.granularity !== wanted.base) return readAgain(next)
    take(next)
    readAgain(next.filter((item) => lacksTerms(item, wanted.isRatio)))
  }
  const query = { rows: wanted.family, granularity: wanted.base, ...isoRange(wanted.from, wanted.to) }
  const unwatch = live.watchRows(query, { onRows, onReload: () => void read() })
  let openSince: number | undefined
  // Each time that the connection opens, rows may have been published that nobody told.
  const onState = (): void => {
    const now = live.state.get()
    if (now.kind !== 'live' || now.since === openSince) return
    openSince = now.since
    clearTimeout(withoutLive)
    void read()
  }
  const unsubscribe = live.state.subscribe(onState)
  const withoutLive = setTimeout(() => void read(), WITHOUT_LIVE_MS)
  return () => {
    gone.abort()
    for (const timer of [withoutLive, staleTimer, freshTimer]) clearTimeout(timer)
    unsubscribe()
    unwatch()
  }
}

const isoRange = (from: number, to: number) => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })

const addressOf = (api: Api, { family, granularity, columns }: WantedFigures, from: number, to: number): string =>
  api.addressOf('/figures', { family, granularity, columns: columns.join(','), ...isoRange(from, to) })

const HOUR_MS = 3_600_000
/** How long an interval is at most. */
const longest: Readonly<Record<Granularity, number>> = {
  ...{ PT15M: HOUR_MS / 4, PT30M: HOUR_MS / 2, PT1H: HOUR_MS, P1D: 25 * HOUR_MS },
}

/** The interval that holds an instant may have begun so long before it. */
const earliestStart = ({ from, granularity, base }: WantedFigures, at: number): number =>
  granularity === base ? at : Math.max(from, at - longest[granularity])
