// @ts-check
// `node dev/supply-chain/audit.mjs`: refuses advisories on packages of production, by `npm audit`, unless an exception
// that has not expired names them.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const EXCEPTIONS = 'dev/supply-chain/audit-exceptions.json'
const GRAVE = ['moderate', 'high', 'critical']
/** An exception is looked at again after at most this time. */
const LONGEST_DAYS = 90
const DAY_MS = 86_400_000

/** @typedef {{ advisory: string, reason: string, expires: string }} Exception `expires` is YYYY-MM-DD, and included. */
/** @typedef {{ url: string, title: string, severity: string, name: string }} Advisory */
/** @typedef {{ vulnerabilities?: Record<string, { via: (string | Advisory)[] }>, error?: object }} AuditReport */

/**
 * What is refused: advisories of moderate severity and above without an exception, and exceptions that have expired,
 * last too long, or have no reason. `undefined` where the report is none, for `npm audit` reached no registry.
 * @param {AuditReport} report @param {readonly Exception[]} exceptions @param {string} today YYYY-MM-DD
 * @returns {string[] | undefined}
 */
export const auditProblems = (report, exceptions, today) => {
  if (report.vulnerabilities === undefined) return undefined
  const excused = new Set(exceptions.map(({ advisory }) => advisory))
  const advisories = new Map(
    Object.values(report.vulnerabilities)
      .flatMap(({ via }) => via)
      .flatMap((one) => (typeof one === 'string' ? [] : [[one.url.split('/').at(-1) ?? one.url, one]])),
  )
  const open = [...advisories]
    .filter(([id, { severity }]) => GRAVE.includes(severity) && !excused.has(id))
    .map(([id, { name, severity, title, url }]) => `${id}: ${severity} in ${name}: ${title} (${url})`)
  return [...open, ...exceptions.flatMap((one) => exceptionProblems(one, today))]
}

/** @param {Exception} exception @param {string} today */
const exceptionProblems = ({ advisory, reason, expires }, today) => {
  const days = (Date.parse(expires) - Date.parse(today)) / DAY_MS
  if (reason.trim() === '') return [`${advisory}: the exception has no reason`]
  if (!/^\d{4}-\d{2}-\d{2}$/.test(expires) || Number.isNaN(days)) {
    return [`${advisory}: expires must be a date YYYY-MM-DD, but is ${expires}`]
  }
  if (days < 0) return [`${advisory}: the exception expired on ${expires}`]
  return days > LONGEST_DAYS ? [`${advisory}: the exception lasts longer than ${LONGEST_DAYS} days`] : []
}

/** @returns {Promise<AuditReport>} `npm audit` exits with 1 where it finds something, and prints the report all the same. */
const npmAudit = () =>
  new Promise((resolve, reject) => {
    execFile('npm', ['audit', '--omit=dev', '--json'], { maxBuffer: 64 << 20, timeout: 120_000 }, (error, stdout) => {
      try {
        resolve(JSON.parse(stdout))
      } catch {
        reject(error ?? new Error(`npm audit printed no JSON: ${stdout.slice(0, 200)}`))
      }
    })
  })

const main = async () => {
  process.chdir(join(import.meta.dirname, '..', '..'))
  const exceptions = JSON.parse(readFileSync(EXCEPTIONS, 'utf8'))
  const problems = auditProblems(await npmAudit(), exceptions, new Date().toISOString().slice(0, 10))
  if (problems === undefined) {
    console.log('SKIPPED: npm audit reached no registry that answers it; no advisory was looked up.')
    if (process.env['STREAMVANE_REQUIRE_AUDIT'] === '1') process.exitCode = 1
    return
  }
  for (const problem of problems) console.log(problem)
  if (problems.length > 0) {
    console.log(`Update the package (npm audit fix), or add an exception to ${EXCEPTIONS}.`)
    process.exitCode = 1
  } else console.log(`No open advisory; ${exceptions.length} exceptions.`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
