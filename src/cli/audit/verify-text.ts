import { headJson, logReportJson } from '../../app/operations/audit/report-json.js'
import type { LogReport, TreeReport } from '../../app/operations/audit/verify-log.js'
import type { ProofReport } from '../../app/operations/audit/verify-proof.js'
import type { ExportReport } from '../../audit/export/verify-export.js'
import { findingJson, findingText, type Finding } from '../../audit/finding.js'
import type { SignedHead } from '../../audit/tree-head.js'
import { printable } from '../../domain/printable.js'

/** What `audit verify` found in the log itself. */
export const printLog = (report: LogReport, asJson: boolean): void => {
  if (asJson) return console.log(JSON.stringify(logReportJson(report)))
  const { trees, findings } = report
  for (const tree of trees) for (const line of treeLines(tree)) console.log(line)
  printFindings(findings)
  if (trees.every(({ heads }) => heads === 0))
    console.log('no head was ever signed: streamvane audit seal signs the first')
  else if (findings.length === 0) console.log('the log is what was signed')
}

const treeLines = ({ tree, state, heads, last, leaves, unsigned, erasures }: TreeReport): readonly string[] => [
  last === undefined
    ? `${tree}: ${unsigned} events, of which nothing is signed`
    : state === 'retired'
      ? `${tree}: retired, as recorded; its last head is of ${last.size} leaves, ${last.at}`
      : `${tree}: ${state}; ${leaves} leaves under ${heads} heads, the last of ${last.at}; ${unsigned} events after it are not signed yet`,
  ...erasures.map((each) => `  ${each.stream}: ${each.leaves} events erased at ${each.at}, as recorded`),
]

/** What `audit verify` found in an export. */
export const printExport = ({ trees, leaves, findings }: ExportReport, asJson: boolean): void => {
  if (asJson)
    return console.log(
      JSON.stringify({
        whole: findings.length === 0,
        leaves,
        trees: trees.map(withHeadJson),
        findings: findings.map(findingJson),
      }),
    )
  for (const { tree, origin, from, to, heads, last, erasures } of trees) {
    console.log(
      `${tree} (${printable(origin)}): leaves ${from} to ${to - 1} under ${heads} heads, the last of ${last?.at ?? 'none'}`,
    )
    for (const each of erasures)
      console.log(
        `  ${printable(each.stream)}: ${each.leaves} events erased at ${each.at ?? 'a time that the record does not say'}, as recorded`,
      )
  }
  printFindings(findings)
  if (findings.length === 0) console.log(`${leaves} events are what was signed`)
}

const printFindings = (findings: readonly Finding[]): void => {
  for (const finding of findings) console.log(`FOUND: ${printable(findingText(finding))}`)
}

const withHeadJson = <T extends Readonly<{ last: SignedHead | undefined }>>({ last, ...tree }: T): unknown => ({
  ...tree,
  lastHead: last === undefined ? null : headJson(last),
})

/** What `audit verify --proof` found. */
export const printProof = (report: ProofReport): void => {
  if (report.kind === 'event') {
    const { event, head, leaf, content } = report
    if (event !== null)
      console.log(
        printable(`${event.stream}@${event.revision}, position ${event.position}, event ${event.id}, ${event.type}`),
      )
    console.log(`leaf ${leaf} under the head of ${head.size} leaves of ${printable(head.origin)}, signed at ${head.at}`)
    if (report.fault === null) console.log(printable(typeof content === 'string' ? content : JSON.stringify(content)))
  } else if (report.kind === 'consistency') {
    const { from, to } = report
    console.log(`${printable(from.origin)}: ${from.size} leaves at ${from.at}, ${to.size} leaves at ${to.at}`)
  }
  console.log(report.fault === null ? 'the proof holds' : `FOUND: ${printable(report.fault)}`)
}
