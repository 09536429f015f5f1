// @ts-check
// `node dev/supply-chain/release-notes.mjs TAG`: prints the section of CHANGELOG.md about a version, for its release.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const SEMANTIC = /^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/

/**
 * The section of a version; throws where the tag is no semantic version, is not that of package.json, or has no section.
 * @param {string} changelog @param {string} tag such as v1.2.3 @param {string} packageVersion
 */
export const releaseNotes = (changelog, tag, packageVersion) => {
  const version = SEMANTIC.exec(tag)?.[1]
  if (version === undefined) throw new Error(`${tag} is no tag of a semantic version, such as v1.2.3`)
  if (version !== packageVersion) throw new Error(`${tag} is tagged, but package.json says ${packageVersion}`)
  const sections = changelog.split(/^## /m).slice(1)
  const section = sections.find((one) => one.split(/[\s\n]/, 1)[0] === version)
  const notes = section?.split('\n').slice(1).join('\n').trim() ?? ''
  if (notes === '') throw new Error(`CHANGELOG.md says nothing under "## ${version}": rename "## Unreleased" to it`)
  return notes
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = join(import.meta.dirname, '..', '..')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  console.log(releaseNotes(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), process.argv[2] ?? '', version))
}
