import { existsSync, readdirSync, rmSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logs } from '../../pipeline/logs/logs.js'

type Where = Readonly<{ logs: Pick<Logs, 'kpiFolder'>; tenant: string; data: string | undefined }>

/** Bytes of a generation in the data folder: its KPI part (embedded log), snapshots and row index. */
export const bytesOfGeneration = async (where: Where, name: string): Promise<number> =>
  (await bytesIn(where.logs.kpiFolder?.(name))) + (await bytesOfState(where, name, () => true))

/** What lies in `state/` of a generation: `<tenant>.<name>`, its lock, and `<tenant>.<name>.<what>`. */
export const stateOf = ({ tenant, data }: Omit<Where, 'logs'>, name: string): readonly string[] => {
  if (data === undefined) return []
  const state = join(data, 'state')
  const own = `${tenant}.${name}`
  return existsSync(state)
    ? readdirSync(state)
        .filter((each) => each === own || each === `${own}-lock` || each.startsWith(`${own}.`))
        .map((each) => join(state, each))
    : []
}

/** Removes state of a generation: its snapshots, row index, or both. Answers the bytes that it took. */
export const removeState = async (
  where: Omit<Where, 'logs'>,
  name: string,
  wanted: (path: string) => boolean,
): Promise<number> => {
  const bytes = await bytesOfState(where, name, wanted)
  for (const path of stateOf(where, name).filter(isRemovable(wanted))) rmSync(path, { recursive: true, force: true })
  return bytes
}

/** Bytes of that state of a generation. */
export const bytesOfState = async (
  where: Omit<Where, 'logs'>,
  name: string,
  wanted: (path: string) => boolean,
): Promise<number> => {
  let bytes = 0
  for (const path of stateOf(where, name).filter(isRemovable(wanted))) bytes += await bytesIn(path)
  return bytes
}

export const isRowIndex = (path: string): boolean => /\.rows(-lock)?$/.test(path)

/** The lock of the process that writes to EventStoreDB stays: somebody may hold it. */
const isRemovable =
  (wanted: (path: string) => boolean) =>
  (path: string): boolean =>
    !path.endsWith('writer') && wanted(path)

/** Bytes on disk of a file, or of all files in a folder; 0 where it is not there. */
export const bytesIn = async (path: string | undefined): Promise<number> => {
  if (path === undefined || !existsSync(path)) return 0
  const found = await stat(path)
  if (!found.isDirectory()) return found.blocks * 512
  let bytes = 0
  for (const name of await readdir(path)) bytes += await bytesIn(join(path, name))
  return bytes
}
