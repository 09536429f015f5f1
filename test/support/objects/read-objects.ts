import { parquetReadObjects } from 'hyparquet'
import type { ListedInterval } from '../../../src/egress/objects/manifest.js'
import type { ObjectStore } from '../../../src/egress/objects/object-store.js'

/** A row of an object. Columns are as Parquet holds them. */
export type ObjectRow = Readonly<Record<string, unknown> & { key: string; revision: number; generation: string }>

export type ReadManifest = Readonly<{
  version: number
  progress: Readonly<Record<string, unknown>> | null
  days: Readonly<Record<string, string>>
}>

const running = new AbortController().signal

const jsonAt = async (store: ObjectStore, key: string): Promise<unknown> => {
  const found = await store.get(key, running)
  return found === undefined ? undefined : JSON.parse(Buffer.from(found.bytes).toString('utf8'))
}

/** The manifest as a reader finds it, without code of the sink. */
export const manifestIn = async (store: ObjectStore): Promise<ReadManifest | undefined> =>
  (await jsonAt(store, '_manifest.json')) as ReadManifest | undefined

/** Every version of every interval that the manifest lists, by day and in the order of the lists. */
export const listedIn = async (store: ObjectStore): Promise<readonly ListedInterval[]> => {
  const listed: ListedInterval[] = []
  for (const [day, sha256] of Object.entries((await manifestIn(store))?.days ?? {})) {
    const list = (await jsonAt(store, `_lists/${day}/${sha256}.json`)) as { intervals: readonly ListedInterval[] }
    listed.push(...list.intervals)
  }
  return listed
}

/** The rows of a listed interval. */
export const rowsOf = async (store: ObjectStore, { object }: ListedInterval): Promise<readonly ObjectRow[]> => {
  if (object === undefined) return []
  const found = await store.get(object.key, running)
  if (found === undefined) throw new Error(`the manifest names ${object.key}, which is not there`)
  const { buffer, byteOffset, byteLength } = Uint8Array.from(found.bytes)
  const file = buffer.slice(byteOffset, byteOffset + byteLength)
  return (await parquetReadObjects({ file })).map((row) => ({
    ...row,
    key: String(row['key']),
    revision: Number(row['revision']),
    generation: String(row['generation']),
  }))
}
