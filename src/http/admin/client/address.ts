import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Dispatcher } from 'undici'
import { z } from 'zod'
import { pinned } from './trust.js'

const addressSchema = z.object({
  url: z.url(),
  token: z.string(),
  pid: z.int(),
  tenant: z.string(),
  /** Whether this process holds the raw log for writing. */
  writesRaw: z.boolean(),
  /** SHA-256 of the certificate that it shows; absent where it speaks plain HTTP. */
  certificate: z.string().optional(),
})

/** Where a running process of this data folder serves its admin API, and the token for commands on this machine. */
export type AdminAddress = Readonly<z.infer<typeof addressSchema>>

/** `dispatcher`: what connects to a process that speaks TLS; `undefined` for plain HTTP. */
export type FoundAddress = AdminAddress & Readonly<{ dispatcher: Dispatcher | undefined }>

const folderOf = (data: string): string => join(data, 'run')
const fileOf = (data: string, { pid, writesRaw }: Pick<AdminAddress, 'pid' | 'writesRaw'>): string =>
  join(folderOf(data), writesRaw ? 'admin.json' : `admin-${pid}.json`)

/**
 * Writes the address to `run/admin.json` in the data folder, readable by its owner alone; a process that does not write
 * the raw log has a file of its own beside it. Returns what removes it again.
 */
export const publishAddress = (data: string, address: AdminAddress): (() => void) => {
  mkdirSync(folderOf(data), { recursive: true, mode: 0o700 })
  const file = fileOf(data, address)
  const draft = `${file}.${address.pid}`
  rmSync(draft, { force: true })
  writeFileSync(draft, JSON.stringify(address), { mode: 0o600, flag: 'wx' })
  renameSync(draft, file)
  return () => {
    // Another process may have taken over meanwhile.
    if (readAddress(file)?.token === address.token) rmSync(file, { force: true })
  }
}

/**
 * The address of the process that writes the raw log of a tenant, as it wrote it; `undefined` if there is none. A
 * process that was killed leaves its file behind, so nobody may listen there.
 */
export const addressOfWriter = (data: string, tenant: string): FoundAddress | undefined => {
  const address = addressesIn(data).find((each) => each.writesRaw && each.tenant === tenant)
  return address === undefined
    ? undefined
    : { ...address, dispatcher: address.certificate === undefined ? undefined : dispatcherFor(data, tenant) }
}

/** The fingerprint is read again for each connection. */
const dispatcherFor = (data: string, tenant: string): Dispatcher =>
  pinned(() => addressesIn(data).find((each) => each.writesRaw && each.tenant === tenant)?.certificate)

const addressesIn = (data: string): readonly AdminAddress[] => {
  let names: readonly string[]
  try {
    names = readdirSync(folderOf(data))
  } catch {
    return []
  }
  return names
    .filter((name) => /^admin.*\.json$/.test(name))
    .flatMap((name) => readAddress(join(folderOf(data), name)) ?? [])
}

const readAddress = (file: string): AdminAddress | undefined => {
  try {
    return addressSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}
