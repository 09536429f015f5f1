import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Position } from '../log/event-log.js'
import { encodeSegment, readSegment, readSegmentSummary, type RawDigest, type SegmentOrigin } from './codec/segment.js'
import { summaryLength } from './codec/summary.js'
import type { DecodedRun } from './decoded-run.js'
import { holdsStream, type FactStore } from './fact-store.js'
import type { RunSummary } from './run-summary.js'

/** The folder of all facts of a tenant in a data folder. */
export const factsFolder = (data: string, tenant: string): string => join(data, 'facts', tenant)

/** A segment by its file: `<through>-<after>.facts`, so that the order of names is the order of positions. */
type Place = Readonly<{ name: string; after: Position; through: Position }>

const DIGITS = 20
const FILE = /^(\d{20})-(\d{20}|beginning)\.facts$/
/** The beginning of the log, below every position. */
const BEGINNING = -1n
/** Segments may overlap where two processes wrote them. More neighbours than this are not looked at. */
const OVERLAPS_MAX = 8

export type SegmentFilesOptions = Readonly<{
  data: string
  origin: SegmentOrigin
  /** Told of a segment that could not be written. */
  onFault: (cause: unknown) => void
}>

/**
 * Facts in files, a segment each, in `data/facts/<tenant>/<points>`. A file is written beside its place and renamed, is
 * never changed, and is not synced: what a power cut leaves of it fails its checksum. Any number of processes may use
 * the folder.
 */
export const openSegmentFiles = ({ data, origin, onFault }: SegmentFilesOptions): FactStore => {
  const folder = join(factsFolder(data, origin.tenant), origin.points)
  let places = placesIn(folder)

  const remove = async ({ name }: Place): Promise<void> => {
    places = places.filter((place) => place.name !== name)
    await removeFile(join(folder, name))
  }
  const read = async (place: Place): Promise<DecodedRun | undefined> => {
    const bytes = await readFile(join(folder, place.name)).catch(() => undefined)
    const segment = bytes === undefined ? undefined : readSegment(bytes)
    if (segment !== undefined && isSame(segment.origin, origin)) return segment.run
    await remove(place)
    return undefined
  }
  const findAmong = async (from: Position): Promise<DecodedRun | undefined> => {
    for (const place of candidates(places, from)) {
      const run = place.after <= from ? await read(place) : undefined
      if (run !== undefined) return run
    }
    return undefined
  }
  const summary = (after: Position | undefined): RunSummary | undefined => {
    const from = after ?? BEGINNING
    const [place] = candidates(places, from)
    if (place === undefined || place.after > from) return undefined
    const end = endOf(join(folder, place.name))
    const found = end && readSegmentSummary(end)
    return found !== undefined && isSame(found.origin, origin) ? found.summary : undefined
  }
  const putEncoded = async (run: DecodedRun, bytes: Uint8Array): Promise<void> => {
    const place = placeOf(run)
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const draft = join(folder, `.${randomUUID()}.draft`)
      await writeFile(draft, bytes, { mode: 0o600 })
      await rename(draft, join(folder, place.name))
    } catch (cause) {
      return onFault(cause)
    }
    if (place.name > (places.at(-1)?.name ?? '')) places.push(place)
    else if (!places.some(({ name }) => name === place.name)) places = inOrder([...places, place])
  }

  return {
    find: async (after) => {
      const from = after ?? BEGINNING
      const found = await findAmong(from)
      if (found !== undefined) return found
      places = placesIn(folder) // another process may have written since
      return findAmong(from)
    },
    summary,
    nextAfter: (after) => {
      const from = after ?? BEGINNING
      return candidates(places, from).find((place) => place.after > from)?.after
    },
    put: (run, digest: RawDigest) => putEncoded(run, encodeSegment({ origin, digest, run })),
    putEncoded,
    dropLost: async (isThere) => {
      for (const place of places.toReversed()) {
        const run = await read(place)
        if (run?.last !== undefined && (await isThere(run.last))) return
        if (run !== undefined) await remove(place)
      }
    },
    erase: async (stream) => {
      await eraseIn(folder, stream)
      places = placesIn(folder)
    },
  }
}

/** Removes every segment of a tenant that holds events of a stream, or cannot be read. Returns how many. */
export const eraseFacts = async (data: string, tenant: string, stream: string): Promise<number> => {
  let removed = 0
  for (const points of namesIn(factsFolder(data, tenant)))
    removed += await eraseIn(join(factsFolder(data, tenant), points), stream)
  return removed
}

const eraseIn = async (folder: string, stream: string): Promise<number> => {
  let removed = 0
  for (const name of namesIn(folder)) {
    const bytes = FILE.test(name) ? await readFile(join(folder, name)).catch(() => undefined) : undefined
    const run = bytes === undefined ? undefined : readSegment(bytes)?.run
    if (run !== undefined && !holdsStream(run, stream)) continue
    await rm(join(folder, name), { force: true })
    removed++
  }
  return removed
}

const placeOf = ({ after, through }: DecodedRun): Place => {
  const name = `${padded(through)}-${after === undefined ? 'beginning' : padded(after)}.facts`
  return { name, after: after ?? BEGINNING, through }
}

const padded = (position: Position): string => String(position).padStart(DIGITS, '0')

const placesIn = (folder: string): Place[] =>
  inOrder(
    namesIn(folder).flatMap((name): readonly Place[] => {
      const [, through, after] = FILE.exec(name) ?? []
      if (through === undefined || after === undefined) return []
      return [{ name, after: after === 'beginning' ? BEGINNING : BigInt(after), through: BigInt(through) }]
    }),
  )

const inOrder = (places: readonly Place[]): Place[] =>
  places.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))

/** The first segments that end behind a position. */
const candidates = (places: readonly Place[], from: Position): readonly Place[] => {
  let [low, high] = [0, places.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((places[middle] as Place).through > from) high = middle
    else low = middle + 1
  }
  return places.slice(low, low + OVERLAPS_MAX)
}

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** As many bytes hold most summaries. */
const SUMMARY_BYTES = 32 * 1024

/** The end of a segment, with the whole summary. Read at once: there are many, and each is small. */
const endOf = (path: string): Buffer | undefined => {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const { size } = fstatSync(file)
    const end = lastBytes(file, size, SUMMARY_BYTES)
    const length = summaryLength(end)
    if (length === undefined || length <= end.length) return end
    return length <= size ? lastBytes(file, size, length) : undefined // more: damaged
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

const lastBytes = (file: number, size: number, length: number): Buffer => {
  const bytes = Buffer.allocUnsafe(Math.min(size, length))
  return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, size - bytes.length))
}

const removeFile = (path: string): Promise<void> => rm(path, { force: true }).catch(() => undefined)

const isSame = (a: SegmentOrigin, b: SegmentOrigin): boolean =>
  a.decoders === b.decoders && a.logId === b.logId && a.tenant === b.tenant && a.points === b.points
