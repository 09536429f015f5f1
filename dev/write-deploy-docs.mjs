// @ts-check
// Writes the tables of docs/deploy from deploy/requirements.yaml, between their markers.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '..')
export const clouds = /** @type {const} */ (['azure', 'aws', 'gcp'])

/** @typedef {{ terraform: string[], bicep?: string[], instead?: string }} Made */
/** @typedef {{ need: string } & Record<string, Made>} Need */
/** @typedef {{ identity: string, role?: string, id?: string, grant?: string, actions?: string[], scope: string, why: string, only?: string }} Role */
/** @typedef {{ resources: Need[], roles: Record<string, Role[]> }} Requirements */

/** @returns {Requirements} */
export const readRequirements = () => parse(readFileSync(join(root, 'deploy/requirements.yaml'), 'utf8'))

/** @param {readonly string[]} names */
const code = (names) => names.map((name) => `\`${name}\``).join(', ')
/** @param {readonly (readonly string[])[]} rows */
const table = ([head = [], ...rows]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

/** The tables of one cloud. @param {string} cloud @param {Requirements} requirements */
export const tablesOf = (cloud, { resources, roles }) => ({
  resources: table([
    ['what is needed', 'made by'],
    ...resources.map((one) => {
      const { terraform = [], instead = '' } = one[cloud] ?? {}
      return [one.need, terraform.length === 0 ? instead : code(terraform)]
    }),
  ]),
  roles: table([
    ['who', 'may', 'where', 'why'],
    ...(roles[cloud] ?? []).map(({ identity, role, actions, scope, why, only }) => [
      identity,
      `${role ?? code(actions ?? [])}${only === undefined ? '' : ` (${only} only)`}`,
      scope,
      why,
    ]),
  ]),
})

/** The page with its tables as they are now. @param {string} text @param {string} cloud @param {Requirements} requirements */
export const withTables = (text, cloud, requirements) =>
  Object.entries(tablesOf(cloud, requirements)).reduce(
    (page, [name, rows]) =>
      page.replace(
        new RegExp(`(<!-- ${name} -->)[^]*?(<!-- end -->)`),
        (_, begin, end) => `${begin}\n\n${rows}\n\n${end}`,
      ),
    text,
  )

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const cloud of clouds) {
    const page = join(root, 'docs/deploy', `${cloud}.md`)
    writeFileSync(page, withTables(readFileSync(page, 'utf8'), cloud, readRequirements()))
  }
