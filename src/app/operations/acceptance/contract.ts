import { readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { parse } from 'yaml'
import { z } from 'zod'
import { isoInstantOf } from '../../../domain/iso-instant.js'
import { acceptanceStream } from '../../../domain/stream-name.js'
import { contentId } from '../../../log/content-id.js'
import type { EventLog } from '../../../log/event-log.js'
import { parseTolerance } from '../../reconcile/reasons/finding.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { appendRecords } from './append-records.js'
import { acceptanceKpis } from './kpis.js'

const instant = z.string().refine((text) => typeof isoInstantOf(text) === 'number', 'write it as 2026-01-05T08:00:00Z')

/** A contract of acceptance, as its file says it. */
export const contractSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and - only'),
  title: z.string().max(200).optional(),
  /** Which groups of the answers: values by dimension in the API's names. Absent: all that were reconciled. */
  groups: z.record(z.string(), z.array(z.string()).min(1)).default({}),
  /** Length of the intervals. Days are days of a zone, which answers do not name. */
  granularity: z.enum(['PT15M', 'PT30M', 'PT1H']),
  period: z.strictObject({ from: instant, to: instant }),
  /** `metric=statistic:limit,…`, as `reconcile --tolerance`; a limit is a number or a percentage of Genesys's figure. */
  tolerances: z
    .array(z.string())
    .default([])
    .superRefine((texts, context) => {
      const parsed = parseTolerance(texts)
      if (E.isLeft(parsed)) context.addIssue({ code: 'custom', message: parsed.left })
    }),
  /** Only these metrics count. Absent: all that were reconciled. */
  metrics: z.array(z.string()).min(1).optional(),
  /** How far KPIs may be apart: a number in their unit (ratios 0 to 1, times in ms), or a percentage. */
  kpis: z.partialRecord(z.enum(acceptanceKpis), z.string().regex(/^\d+(\.\d+)?%?$/)).default({}),
  /** The share of intervals that must hold, in percent. */
  minimumShare: z.number().min(0).max(100).default(100),
  /** Who has to sign it. */
  signatories: z.array(z.string()).default([]),
})

export type Contract = z.output<typeof contractSchema>

/** A contract as the log holds it: its nth definition, and who signed that one. Instants are ISO 8601. */
export type DefinedContract = Readonly<{
  contract: Contract
  version: number
  defined: Readonly<{ by: string; why?: string; at: string }>
  signatures: readonly Readonly<{ by: string; why?: string; at: string }>[]
}>

/** The contract is not as it must be, or there is none. The message says what is wrong. */
export class ContractRefused extends Error {
  override readonly name = 'ContractRefused'
}

/** Reads a contract from a YAML or JSON file. Throws `ContractRefused`. */
export const loadContract = (file: string): Contract => {
  let said: unknown
  try {
    said = parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new ContractRefused(`${file} cannot be read: ${(cause as Error).message}`)
  }
  return contractIn(said, file)
}

/** Checks a contract as somebody wrote it; `where` names it in errors. Throws `ContractRefused`. */
export const contractIn = (said: unknown, where: string): Contract => {
  const parsed = contractSchema.safeParse(said)
  if (!parsed.success)
    throw new ContractRefused(
      `${where}:\n${parsed.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`).join('\n')}`,
    )
  const { from, to } = parsed.data.period
  if (Date.parse(from) >= Date.parse(to)) throw new ContractRefused(`${where}: period.from is not before period.to`)
  return parsed.data
}

type Said = Readonly<{ by: string; why?: string | undefined; at: string }>

const DEFINED = 'ContractDefined'
const SIGNED = 'ContractSigned'

/** Stores a contract, or a new version of it; the signatures of versions before do not count for it. */
export const defineContract = (
  logs: Pick<Logs, 'changingControl'>,
  tenant: string,
  contract: Contract,
  said: Said,
): Promise<DefinedContract> =>
  logs.changingControl(async (control) => {
    const version = ((await readContracts(control, tenant)).get(contract.name)?.version ?? 0) + 1
    await store(control, tenant, DEFINED, { contract, version, ...said })
    return (await readContracts(control, tenant)).get(contract.name) as DefinedContract
  })

/** Signs the last version of a contract. Throws `ContractRefused` where there is none, or where it is signed by them. */
export const signContract = (
  logs: Pick<Logs, 'changingControl'>,
  tenant: string,
  name: string,
  said: Said,
): Promise<DefinedContract> =>
  logs.changingControl(async (control) => {
    const known = namedContract(await readContracts(control, tenant), name)
    const { signatories } = known.contract
    if (known.signatures.some(({ by }) => by === said.by))
      throw new ContractRefused(`${name} version ${known.version} is signed by ${said.by} already`)
    if (signatories.length > 0 && !signatories.includes(said.by))
      throw new ContractRefused(`${name} is signed by ${signatories.join(', ')}, not by ${said.by} (--by)`)
    await store(control, tenant, SIGNED, { name, version: known.version, ...said })
    return namedContract(await readContracts(control, tenant), name)
  })

/** The contract of this name. Throws `ContractRefused` where there is none. */
export const namedContract = (contracts: ReadonlyMap<string, DefinedContract>, name: string): DefinedContract => {
  const known = contracts.get(name)
  if (known !== undefined) return known
  const names = [...contracts.keys()]
  throw new ContractRefused(
    `there is no contract ${name}; ${names.length === 0 ? '`streamvane acceptance define` stores one' : `there are ${names.join(', ')}`}`,
  )
}

/** The contracts of a tenant in their last version, by name. */
export const readContracts = async (
  control: EventLog,
  tenant: string,
): Promise<ReadonlyMap<string, DefinedContract>> => {
  const contracts = new Map<string, DefinedContract>()
  for await (const batch of control.readStream(acceptanceStream(tenant)))
    for (const { type, data } of batch) {
      const { contract, name, version, ...said } = JSON.parse(Buffer.from(data).toString('utf8')) as Said & {
        contract?: Contract
        name?: string
        version: number
      }
      if (type === DEFINED && contract !== undefined)
        contracts.set(contract.name, { contract, version, defined: said as DefinedContract['defined'], signatures: [] })
      const known = name === undefined ? undefined : contracts.get(name)
      if (type === SIGNED && known?.version === version)
        contracts.set(known.contract.name, {
          ...known,
          signatures: [...known.signatures, said as DefinedContract['defined']],
        })
    }
  return contracts
}

const store = async (control: EventLog, tenant: string, type: string, body: object): Promise<void> => {
  const data = Buffer.from(JSON.stringify(body))
  const event = { id: contentId(type, tenant, data), type, data, metadata: Buffer.from('{}') }
  await appendRecords(control, acceptanceStream(tenant), [event])
}
