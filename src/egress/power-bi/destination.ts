import { setTimeout as sleep } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import type { FamilyName } from '../../domain/family.js'
import { Accepted } from '../at-least-once/accepted.js'
import type { Destination } from '../at-least-once/destination.js'
import { isRow, type RowRecord, type SinkFailure } from '../sink.js'
import { ApiFailure, openApi, powerBiFailure, type Api } from './api.js'
import { pushLimits, Quota, REQUEST_BYTES_MAX } from './limits.js'
import type { PowerBiOptions } from './options.js'
import { pushRow } from './push-row.js'
import { pushTable, type PushTable } from './tables.js'

type Connected = Readonly<{ api: Api; datasetId: string }>

/** Time for tests: `now` in ms, and a wait. */
export type Clock = Readonly<{ now: () => number; sleep: (ms: number, signal: AbortSignal) => Promise<void> }>

const wallClock: Clock = { now: Date.now, sleep: (ms, signal) => sleep(ms, undefined, { signal }) }

/**
 * Tables of a push semantic model of Power BI, one for each family. Rows are pushed one request after the other, no
 * faster than Power BI takes them. Only rows: it has no use for what states completeness.
 */
export const powerBiDestination = (options: PowerBiOptions, clock: Clock = wallClock): Destination => {
  const { apiUrl, workspaceId, dataset, families, figures } = options
  const place = `${new URL(apiUrl).origin} workspace ${workspaceId}`
  const tables = new Map(families.map((family) => [family, pushTable(family, figures)]))
  // They outlive a connection: Power BI counts on.
  const requests = new Quota(pushLimits.requestsPerMinute, 60_000)
  const rowsOfHour = new Quota(pushLimits.rowsPerHour, 3_600_000)
  const accepted = new Accepted<RowRecord>()
  let state: Connected | undefined

  const close = async (): Promise<void> => {
    const was = state
    state = undefined
    await was?.api.close()
  }

  const open = async (signal: AbortSignal): Promise<void> => {
    await close()
    const api = openApi(options, clock.now)
    try {
      const datasetId = await findDataset(api, dataset, [...tables.values()], signal)
      await checkTables(api, datasetId, [...tables.values()], signal)
      state = { api, datasetId }
    } finally {
      if (state === undefined) await api.close()
    }
  }

  /** Waits until so many rows may be pushed. */
  const turn = async (rows: number, signal: AbortSignal): Promise<void> => {
    for (;;) {
      const now = clock.now()
      const waitMs = Math.max(requests.waitMs(1, now), rowsOfHour.waitMs(rows, now))
      if (waitMs === 0) break
      await clock.sleep(waitMs, signal)
    }
    requests.take(1, clock.now())
    rowsOfHour.take(rows, clock.now())
  }

  const deliver = async ({ api, datasetId }: Connected, records: readonly RowRecord[], signal: AbortSignal) => {
    for (const [family, ofFamily] of byFamily(accepted.left(records))) {
      const table = tables.get(family)
      if (table === undefined) throw new Error(`no table for ${family}`)
      for (const { body, of } of requestsOf(ofFamily, table)) {
        await turn(of.length, signal)
        await api.post(`/datasets/${encodeURIComponent(datasetId)}/tables/${table.name}/rows`, body, signal)
        accepted.add(of)
      }
    }
    accepted.clear()
  }

  const attempt = async (work: () => Promise<void>): Promise<E.Either<SinkFailure, void>> => {
    try {
      return E.right(await work())
    } catch (cause) {
      return E.left(powerBiFailure(cause))
    }
  }
  return {
    place,
    open: (signal) => () => attempt(() => open(signal)),
    deliver: (records, signal) => () =>
      attempt(async () => {
        if (state === undefined) throw new ApiFailure('not connected')
        await deliver(state, records.filter(isRow), signal)
      }),
    close,
  }
}

const byFamily = (records: readonly RowRecord[]): ReadonlyMap<FamilyName, readonly RowRecord[]> => {
  const families = new Map<FamilyName, RowRecord[]>()
  for (const record of records) {
    const known = families.get(record.header.family)
    if (known === undefined) families.set(record.header.family, [record])
    else known.push(record)
  }
  return families
}

/** A request to push rows, and whose they are. */
type RowsRequest = Readonly<{ body: string; of: readonly RowRecord[] }>

function* requestsOf(records: readonly RowRecord[], table: PushTable): Generator<RowsRequest> {
  let [rows, of, bytes]: [string[], RowRecord[], number] = [[], [], 0]
  for (const record of records) {
    const row = JSON.stringify(pushRow(record, table))
    const size = Buffer.byteLength(row) + 1
    if (rows.length >= pushLimits.rowsPerRequest || (rows.length > 0 && bytes + size > REQUEST_BYTES_MAX)) {
      yield { body: bodyOf(rows), of }
      ;[rows, of, bytes] = [[], [], 0]
    }
    rows.push(row)
    of.push(record)
    bytes += size
  }
  if (rows.length > 0) yield { body: bodyOf(rows), of }
}

const bodyOf = (rows: readonly string[]): string => `{"rows":[${rows.join(',')}]}`

type Listed = Readonly<{ value?: readonly Readonly<{ id?: string; name?: string; addRowsAPIEnabled?: boolean }>[] }>

/** The id of the semantic model; it is made where that is wanted and there is none of the name. */
const findDataset = async (
  api: Api,
  dataset: PowerBiOptions['dataset'],
  tables: readonly PushTable[],
  signal: AbortSignal,
): Promise<string> => {
  if ('id' in dataset) return dataset.id
  const { name, create, retention } = dataset
  const { value = [] } = (await api.get('/datasets', signal)) as Listed
  const named = value.filter((each) => each.name === name)
  if (named.length > 1)
    throw new ApiFailure(`the workspace has ${named.length} semantic models named ${name}: write dataset.id`, 404)
  const [found] = named
  if (found?.addRowsAPIEnabled === false)
    throw new ApiFailure(`the semantic model ${name} is not one that rows are pushed to`, 404)
  if (found?.id !== undefined) return found.id
  if (!create) throw new ApiFailure(`the workspace has no semantic model named ${name}`, 404)
  const body = JSON.stringify({ name, defaultMode: 'Push', tables })
  const made = (await api.post(`/datasets?defaultRetentionPolicy=${retention}`, body, signal)) as { id?: string }
  if (made.id === undefined) throw new ApiFailure('Power BI has made a semantic model and told no id')
  return made.id
}

const checkTables = async (
  api: Api,
  datasetId: string,
  tables: readonly PushTable[],
  signal: AbortSignal,
): Promise<void> => {
  const { value = [] } = (await api.get(`/datasets/${encodeURIComponent(datasetId)}/tables`, signal)) as Listed
  const missing = tables.map(({ name }) => name).filter((name) => !value.some((table) => table.name === name))
  if (missing.length > 0)
    throw new ApiFailure(
      `the semantic model has no table ${missing.join(', ')}, and tables cannot be added: narrow \`families\`, or make another semantic model`,
      404,
    )
}
