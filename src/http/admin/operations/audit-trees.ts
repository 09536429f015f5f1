import { z } from 'zod'
import { acceptedKeysIn, signerKeyIn } from '../../../app/config/audit-keys.js'
import { writeExport } from '../../../app/operations/audit/export.js'
import { eventSubject, proveConsistency, proveEvent } from '../../../app/operations/audit/prove.js'
import { headJson, logReportJson } from '../../../app/operations/audit/report-json.js'
import { seal } from '../../../app/operations/audit/seal.js'
import { verifyLog } from '../../../app/operations/audit/verify-log.js'
import type { VerifierKey } from '../../../audit/note.js'
import { ProblemError } from '../answers/problem.js'
import { download, job, type Call, type Operation } from '../operation.js'
import { anyObject, at, change, generation, instant, isoOf, position } from './schemas.js'

/** The keys whose heads count. Throws `ProblemError` where the configuration names none. */
const keysOf = ({ config: { audit } }: Call): readonly VerifierKey[] => {
  const keys = acceptedKeysIn(audit, signerKeyIn(audit, process.env))
  if (keys.length === 0)
    throw new ProblemError(
      'conflict',
      'no key counts: audit.key or audit.verifierKeys of the configuration of this process names them',
    )
  return keys
}

const treeName = z.string().describe('raw, control or kpi-<generation>')
const headSchema = z.object({ size: z.int(), at, through: position, note: z.string() })

const ofTree =
  ({ onProgress }: Call) =>
  (_: string, done: number, of: number): void =>
    onProgress({ done, of, unit: 'events' })

const sealed = job({
  ...{ id: 'sealAudit', command: 'audit seal', method: 'POST', path: '/audit/heads', access: 'change' },
  summary: 'compare history with what was signed, and sign heads for what came since',
  input: z.object({
    quick: z.boolean().default(false).describe('sign without comparing history'),
    restart: z.array(treeName).default([]).describe('begin these trees again although history is not what was signed'),
    why: change.why,
  }),
  output: z.object({ heads: z.array(headSchema.extend({ origin: z.string() })) }),
  run: async (call, { quick, restart, why }) => {
    const { config, logs, tenant, now, signal } = call
    const key = signerKeyIn(config.audit, process.env)
    if (key === undefined)
      throw new ProblemError('conflict', 'audit.key is not set in the configuration of this process: it cannot sign')
    if (restart.length > 0 && why === undefined)
      throw new ProblemError('not-valid', 'why: say why a tree begins again; the reason stays beside the heads')
    const heads = await seal({
      ...{ logs, tenant, data: config.data, key, accepted: keysOf(call), everyEvents: config.audit.everyEvents },
      ...{ isHistoryChecked: !quick, onProgress: ofTree(call), signal, now, restart, why: why ?? '' },
    })
    return { heads: heads.map((head) => ({ origin: head.origin, ...headJson(head) })) }
  },
})

const verified = job({
  ...{ id: 'verifyAudit', command: 'audit verify', method: 'POST', path: '/audit/verifications', access: 'evidence' },
  summary: 'read the whole log again and compare it with the heads that were signed of it',
  input: z.object({}),
  output: z.object({
    whole: z.boolean(),
    trees: z.array(
      z.looseObject({
        ...{ tree: z.string(), state: z.enum(['whole', 'different', 'retired', 'gone']), heads: z.int() },
        ...{ leaves: z.int(), unsigned: z.int(), lastHead: headSchema.nullable() },
      }),
    ),
    findings: z.array(anyObject),
  }),
  run: async (call) => {
    const { logs, tenant, config, signal } = call
    const options = { logs, tenant, data: config.data, keys: keysOf(call), signal, onProgress: ofTree(call) }
    return logReportJson(await verifyLog(options))
  },
})

const proved = job({
  ...{ id: 'proveAudit', command: 'audit prove', method: 'POST', path: '/audit/proofs', access: 'evidence' },
  summary: 'a proof that a row or an event is under a signed head, or that one head contains another',
  input: z.object({
    row: z.string().optional().describe('the key of a row; goes with revision'),
    ...{ revision: z.int().min(1).optional(), generation: generation.optional() },
    event: z
      .union([z.string(), z.int().min(0)])
      .optional()
      .describe('position, stream@revision or id of an event'),
    consistency: z
      .object({ from: z.int().min(1), to: z.int().min(1).optional() })
      .optional()
      .describe('the sizes of two heads, the second by default that of the last'),
    tree: treeName.default('raw').describe('the tree of the event or of the heads: raw, control or kpi-<generation>'),
  }),
  output: z.object({ proof: z.string().describe('the text of a .tlog-proof file, for `audit verify --proof`') }),
  run: async (call, { row, revision, generation: of, event, consistency, tree }) => {
    const { logs, tenant, config, signal } = call
    if ([row, event, consistency].filter((each) => each !== undefined).length !== 1)
      throw new ProblemError('not-valid', 'say one of row with revision, event and consistency')
    const options = { logs, tenant, data: config.data, keys: keysOf(call), signal }
    if (consistency !== undefined)
      return { proof: await proveConsistency(options, { tree, from: consistency.from, to: consistency.to }) }
    if (event !== undefined) return { proof: await proveEvent(options, eventSubject(String(event), tree)) }
    if (row === undefined || revision === undefined)
      throw new ProblemError('not-valid', 'revision: say which revision of the row')
    return { proof: await proveEvent(options, { kind: 'row', key: row, revision, generation: of }) }
  },
})

const exported = download({
  ...{ id: 'exportAudit', command: 'audit export', method: 'GET', path: '/audit/export', access: 'evidence' },
  summary: 'what is signed, as a file that auditors verify without the log (docs/audit-format.md)',
  input: z.object({
    from: instant.optional().describe('from the last head that was signed before; by default from the beginning'),
    to: instant.optional().describe('through the first head that was signed after; by default the last'),
    tree: z.string().optional().describe('only these trees, separated by commas: raw, control, kpi-<generation>'),
  }),
  contentType: 'application/octet-stream',
  fileName: ({ tenant, now }) => `${tenant}-${isoOf(now()).replaceAll(/[-:]|\.\d+/g, '')}.svaudit`,
  run: (call, { from, to, tree }, write) => {
    const { logs, tenant, config, signal } = call
    const trees = tree?.split(',').map((each) => each.trim())
    return writeExport({ logs, tenant, data: config.data, keys: keysOf(call), trees, from, to, write, signal })
  },
})

export const auditTreeOperations: readonly Operation[] = [sealed, verified, proved, exported]
