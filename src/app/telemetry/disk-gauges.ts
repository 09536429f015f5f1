import { readdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { diskParts } from '../../telemetry/catalogue.js'
import type { Gauge } from '../../telemetry/metrics/meters.js'
import { bytesIn } from '../operations/status/disk.js'

type DiskPart = (typeof diskParts)[number]

/** What the data folder takes of the disk, by part, and what is free. */
export const diskGauges = async (data: string): Promise<readonly Gauge[]> => {
  const { bavail, bsize, blocks } = await statfs(data)
  const used = new Map<DiskPart, number>()
  const add = (part: DiskPart, bytes: number): void => void used.set(part, (used.get(part) ?? 0) + bytes)
  for (const entry of await readdir(data, { withFileTypes: true }))
    if (entry.name !== 'log' && entry.isDirectory())
      add(entry.name === 'state' ? 'state' : 'other', await bytesIn(join(data, entry.name)))
  for (const part of await readdir(join(data, 'log')).catch(() => []))
    add(partOf(part), await bytesIn(join(data, 'log', part)))
  return [
    ...[...used].map(([part, bytes]) => ({ id: 'diskUsed', labels: [part], value: bytes }) as const),
    { id: 'diskFree', value: bavail * bsize },
    { id: 'diskSize', value: blocks * bsize },
  ]
}

const partOf = (folder: string): DiskPart =>
  folder === 'raw' ? 'raw-log' : folder.startsWith('kpi-') ? 'kpi-log' : 'other-log'
