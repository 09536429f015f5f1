import { findingJson } from '../../../audit/finding.js'
import type { SignedHead } from '../../../audit/tree-head.js'
import type { LogReport } from './verify-log.js'

/** A head for programs; its note has the rest. */
export const headJson = ({ size, at, through, note }: SignedHead) => ({ size, at, through: String(through), note })

/** What a verification of the log found, for programs. */
export const logReportJson = ({ trees, findings }: LogReport) => ({
  whole: findings.length === 0,
  trees: trees.map(({ last, ...tree }) => ({ ...tree, lastHead: last === undefined ? null : headJson(last) })),
  findings: findings.map(findingJson),
})
