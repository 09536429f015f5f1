import type { AcceptanceReport, FailedValue, JudgedGroup, JudgedInterval } from './evaluate.js'

/** The report for people: the verdict, each group, and at most so many intervals that did not hold. */
export const acceptanceText = (report: AcceptanceReport, limit: number): string => {
  const { contract, version, counts, share, holds, range, signatures, unsigned, reconciliations, leftOut } = report
  const all = Object.values(counts).reduce((a, b) => a + b, 0)
  const lines = [
    `${contract.name}${contract.title === undefined ? '' : ` (${contract.title})`}, version ${version}: ${holds ? 'HELD' : 'NOT HELD'}`,
    `${range.from} to ${range.to}, intervals of ${contract.granularity}: ${counts.held} of ${all} held` +
      `${share === null ? '' : ` (${share.toFixed(2)} %)`}, ${contract.minimumShare} % must`,
    `${counts.failed} failed, ${counts['not-reconciled']} not reconciled, ${counts.contradictory} where Genesys contradicts itself; ` +
      `${reconciliations} reconciliations`,
    signatures.length === 0
      ? 'signed by nobody'
      : `signed by ${signatures.map(({ by, at }) => `${by} on ${at.slice(0, 10)}`).join(', ')}`,
    ...(unsigned.length > 0 ? [`not signed by ${unsigned.join(', ')}`] : []),
    ...(leftOut > 0 ? [`${leftOut} figures were compared and not kept: reconcile shorter ranges to keep all`] : []),
    '',
    ...report.groups.map(groupLine),
  ]
  const bad = report.groups.flatMap((each) =>
    each.intervals.filter(({ verdict }) => verdict !== 'held').map((interval) => ({ each, interval })),
  )
  if (bad.length > 0 && limit > 0) lines.push('')
  for (const { each, interval } of bad.slice(0, limit)) lines.push(...intervalLines(each, interval))
  if (bad.length > limit) lines.push(`${bad.length - limit} more intervals: --limit, or --json`)
  return lines.join('\n')
}

export const groupText = (group: JudgedGroup['group']): string =>
  Object.entries(group)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ') || 'all'

const groupLine = ({ group, counts }: JudgedGroup): string =>
  `${groupText(group)}: ${counts.held} held, ${counts.failed} failed, ${counts['not-reconciled'] + counts.contradictory} not reconciled`

const intervalLines = ({ group }: JudgedGroup, { start, verdict, failures }: JudgedInterval): readonly string[] => [
  `${start} ${groupText(group)}: ${verdict.replace('-', ' ')}`,
  ...failures.map((failure) => `  ${failureText(failure)}`),
]

export const failureText = ({ figure, theirs, ours, difference, allowed, class: why, because }: FailedValue): string =>
  `${figure}: Genesys ${rounded(theirs)}, here ${rounded(ours)}, apart ${rounded(difference)}, allowed ${allowed}` +
  (why === undefined ? '' : ` (${why}${because === undefined || because === '' ? '' : `: ${because}`})`)

const rounded = (value: number): string => String(Math.round(value * 1e6) / 1e6)
