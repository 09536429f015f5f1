import { intervalName, type IntervalComplete } from '../../domain/interval-complete.js'
import type { DayLists } from './day-lists.js'
import { isWhole, wantedName, type CompleteInterval, type IntervalRows } from './interval-rows.js'
import { dayName } from './layout.js'
import type { ListedInterval, Manifest } from './manifest.js'
import type { ObjectStore } from './object-store.js'
import { listed, rowsObject } from './rows-object.js'
import { inParts, type Asked } from './wanted.js'

export type PublishTo = Readonly<{ store: ObjectStore; lists: DayLists; intervalRows: IntervalRows }>

/** Versions of intervals that are to be listed, by day. */
export type Additions = ReadonlyMap<string, readonly ListedInterval[]>

/** The KPI log does not hold what a marker counts. The message says how to find out more. */
export class IntervalNotWhole extends Error {
  override readonly name = 'IntervalNotWhole'
}

/** Puts that are under way at once. */
const PUTS_MAX = 8

/**
 * Stores the objects of what is asked for, and answers what is to be listed. Nothing of it counts until the manifest
 * names it. `restores`: an object that is listed already is looked for, and stored again if it is gone.
 */
export const storeIntervals = async (
  { store, lists, intervalRows }: PublishTo,
  { days }: Pick<Manifest, 'days'>,
  asked: readonly Asked[],
  restores: boolean,
  signal: AbortSignal,
): Promise<Additions> => {
  const additions = new Map<string, ListedInterval[]>()
  const add = (day: string, interval: ListedInterval): void => {
    const known = additions.get(day)
    if (known === undefined) additions.set(day, [interval])
    else known.push(interval)
  }
  const listOf = async (day: string): Promise<readonly ListedInterval[]> =>
    (await lists.read(day, days[day], signal)).intervals

  const bring = async (each: Asked, found: CompleteInterval | undefined): Promise<void> => {
    const day = dayName(each)
    const list = await listOf(day)
    if (found === undefined) {
      const withdrawal = withdrawalOf(each, list)
      if (withdrawal !== undefined) add(day, withdrawal)
      return
    }
    const { marker } = found
    const known = list.find((one) => isVersion(one, marker, each.generation))
    const isThere = known !== undefined && (!restores || (await isStored(store, known, signal)))
    const object = isThere ? known.object : await stored(store, found, each.generation, signal)
    if (isThere && known.promotion >= each.promotion) return
    add(day, { ...listed(marker, each), ...(object !== undefined && { object }) })
  }

  for (const part of inParts(asked)) {
    const found = await intervalRows((part[0] as Asked).generation, part, signal)
    for (const each of part) checkWhole(each, found.get(wantedName(each)))
    for (let at = 0; at < part.length; at += PUTS_MAX)
      await Promise.all(part.slice(at, at + PUTS_MAX).map((each) => bring(each, found.get(wantedName(each)))))
  }
  return additions
}

const checkWhole = (asked: Asked, found: CompleteInterval | undefined): void => {
  // Only a marker of the batch must be there: an interval of a replay or a withdrawal may be open.
  if (found === undefined ? asked.number === undefined : isWhole(found)) return
  throw new IntervalNotWhole(
    `the KPI log of generation ${asked.generation} does not hold the rows that marker ${asked.number ?? ''} of ` +
      `${intervalName(asked)} counts: run \`streamvane intervals --check\``,
  )
}

/** Stores the rows under the key that names their bytes: an object that is there has the same. */
const stored = async (
  store: ObjectStore,
  found: CompleteInterval,
  generation: string,
  signal: AbortSignal,
): Promise<ListedInterval['object']> => {
  if (found.rows.length === 0) return undefined
  const { object, columns } = await rowsObject(found, generation)
  await store.put(object, 'absent', signal)
  return { key: object.key, bytes: object.bytes.length, sha256: object.sha256, columns }
}

const isStored = async (store: ObjectStore, { object }: ListedInterval, signal: AbortSignal): Promise<boolean> =>
  object === undefined || (await store.look(object.key, signal))?.bytes === object.bytes

const isVersion = (one: ListedInterval, marker: IntervalComplete, generation: string): boolean =>
  one.generation === generation &&
  one.number === marker.number &&
  one.intervalStart === new Date(marker.start).toISOString()

/** An interval that only generations before had holds nothing now; `undefined` where there is nothing to withdraw. */
const withdrawalOf = (asked: Asked, list: readonly ListedInterval[]): ListedInterval | undefined => {
  const { withdrawn, generation, promotion } = asked
  if (withdrawn === undefined) return undefined
  const start = new Date(withdrawn.start).toISOString()
  const current = list.find((each) => each.current && each.intervalStart === start)
  if (current === undefined || current.rows === 0 || current.promotion >= promotion) return undefined
  const { closedAt: _, object: __, ...same } = current
  return { ...same, generation, promotion, number: 0, rows: 0, digest: 0 }
}
