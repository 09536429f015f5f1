import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { decodeRow, readKpiEvent } from '../../src/contract/kpi-stream/stored.js'
import { intervalName } from '../../src/domain/interval-complete.js'
import { isEmptyRow } from '../../src/domain/row.js'
import type { ObjectStore } from '../../src/egress/objects/object-store.js'
import { azureBlobStore } from '../../src/egress/objects/azure/store.js'
import { s3Store } from '../../src/egress/objects/s3/store.js'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import { nameOf } from '../bounce/ledger.js'
import { AZURE_CONTAINER, AzureStandIn } from '../support/objects/azure-stand-in.js'
import { listedIn, rowsOf } from '../support/objects/read-objects.js'
import { S3_BUCKET, S3_KEYS, S3StandIn } from '../support/objects/s3-stand-in.js'
import type { StandIn } from '../support/objects/stand-in.js'
import { azureOptionsOf, s3OptionsOf } from '../support/objects/stores.js'
import { sinkUnderFire, type ArrivedRow, type FireTarget } from '../support/sink-under-fire.js'
import type { GrownLog } from '../support/grown-log.js'

const PREFIX = 'fired/'
const running = new AbortController().signal

/** What is told apart: each version of each interval, with the rows that it counts. */
const versionName = (generation: string, interval: string, number: number): string =>
  nameOf({ generation, key: interval, revision: number })
const valueOf = (rows: readonly Readonly<{ key: string; revision: number }>[]): string =>
  rows
    .map(({ key, revision }) => `${key} ${revision}`)
    .sort()
    .join('\n')

/** Each marker of the KPI log, with the rows that count at its place in the stream. */
const markersIn = async ({ data }: GrownLog): Promise<ReadonlyMap<string, string>> => {
  const kpi = await openEmbeddedLog({ dir: join(data, 'log', 'kpi-g1'), mode: 'reader' })
  const rows = new Map<string, Map<string, Readonly<{ key: string; revision: number }>>>()
  const held = new Map<string, string>()
  try {
    for await (const events of kpi.readStream('default.kpi-g1'))
      for (const event of events) {
        const stored = readKpiEvent(event)
        if (stored?.kind === 'row') {
          const { row } = decodeRow(event)
          const ofInterval = rows.get(intervalName(row)) ?? new Map()
          rows.set(intervalName(row), ofInterval)
          if (isEmptyRow(row)) ofInterval.delete(row.key)
          else ofInterval.set(row.key, row)
        } else if (stored?.kind === 'interval-complete') {
          const name = intervalName(stored.marker)
          held.set(versionName('g1', name, stored.marker.number), valueOf([...(rows.get(name)?.values() ?? [])]))
        }
      }
  } finally {
    await kpi.close()
  }
  return held
}

const versionsIn = async (store: ObjectStore): Promise<readonly ArrivedRow[]> => {
  const arrived: ArrivedRow[] = []
  for (const listed of await listedIn(store)) {
    const { family, granularity, intervalStart, generation, number, object } = listed
    const key = `${family}/${granularity}/${intervalStart}`
    const value = valueOf(await rowsOf(store, listed))
    arrived.push({ generation, key, revision: number, value, ...(object !== undefined && { identity: object.key }) })
  }
  return arrived
}

/** Every object of rows is listed: what a process put before it was killed, the next one put again under the same key. */
const expectNothingElse = async (store: ObjectStore): Promise<void> => {
  const listed = new Set((await listedIn(store)).flatMap(({ object }) => (object === undefined ? [] : [object.key])))
  const stored: string[] = []
  for await (const { key } of store.list('', running)) if (key.endsWith('.parquet')) stored.push(key)
  expect(stored.filter((key) => !listed.has(key))).toEqual([])
  expect(stored).toHaveLength(listed.size)
}

const target = (standIn: StandIn, store: () => ObjectStore): Omit<FireTarget, 'sink'> => ({
  promises: 'exactly-once',
  size: { queues: 2, agents: 4 },
  values: 'none',
  held: markersIn,
  arrived: () => versionsIn(store()),
  crash: async () => {
    await standIn.stop()
    await standIn.start()
  },
  finally: () => expectNothingElse(store()),
})

describe('objects in S3', () => {
  const standIn = new S3StandIn()
  beforeAll(() => standIn.start())
  afterAll(() => standIn.stop())
  sinkUnderFire('objects in S3', () => ({
    ...target(standIn, () => s3Store(s3OptionsOf(standIn, PREFIX))),
    sink: {
      ...{ use: 's3', bucket: S3_BUCKET, prefix: PREFIX.slice(0, -1), region: 'eu-central-1', endpoint: standIn.url },
      ...{ accessKeyId: S3_KEYS.accessKeyId, secretAccessKey: { env: 'OBJECTS_SECRET' } },
    },
    env: { OBJECTS_SECRET: S3_KEYS.secretAccessKey },
  }))
})

describe('objects in Azure Blob', () => {
  const standIn = new AzureStandIn()
  beforeAll(() => standIn.start())
  afterAll(() => standIn.stop())
  sinkUnderFire('objects in Azure Blob', () => ({
    ...target(standIn, () => azureBlobStore(azureOptionsOf(standIn.connectionString, PREFIX))),
    sink: {
      ...{ use: 'azure-blob', container: AZURE_CONTAINER, prefix: PREFIX.slice(0, -1) },
      storageConnectionString: { env: 'OBJECTS_SECRET' },
    },
    env: { OBJECTS_SECRET: standIn.connectionString },
  }))
})
