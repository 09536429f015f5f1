// @ts-check
// Writes deploy/schemas/<provider>.json: which arguments and blocks each resource type of a Terraform provider takes,
// and which it demands. The registry of providers is not needed: the npm packages @cdktf/provider-* carry interfaces
// that were generated from the providers' own schemas, with the name of each argument in its comment.
//
//   node dev/write-terraform-schemas.mjs FOLDER   FOLDER holds the unpacked packages: azurerm/, aws/, google/
//
// Only the types that deploy/ uses, or that one line in `TYPES` names, are written.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
/** @typedef {{ required: boolean, block: string | undefined }} Argument */

/** The interfaces of one file, by name. @param {string} text */
const interfacesOf = (text) =>
  new Map(
    [...text.matchAll(/export interface (\w+)[^{]*\{([^]*?)\n\}/g)].map(([, name = '', body = '']) => [
      name,
      [...body.matchAll(/#(\w+) \w+#\w+\}[^]*?readonly (\w+)(\?)?: ([^;]+);/g)].map(
        ([, argument = '', , optional, type = '']) => {
          const [, block] = /^(\w+?)(\[\])?( \| cdktf\.IResolvable)?$/.exec(type) ?? []
          return {
            argument,
            required: optional === undefined,
            block: block !== undefined && /^[A-Z]/.test(block) ? block : undefined,
          }
        },
      ),
    ]),
  )

/** @param {Map<string, { argument: string, required: boolean, block: string | undefined }[]>} interfaces @param {string} name @returns {unknown} */
const schemaOf = (interfaces, name) => {
  const known = interfaces.get(name) ?? []
  return Object.fromEntries(
    known.map(({ argument, required, block }) => [
      argument,
      block !== undefined && interfaces.has(block)
        ? { ...(required && { required }), block: schemaOf(interfaces, block) }
        : required
          ? { required }
          : {},
    ]),
  )
}

/** The types that the sources of a provider use. @param {string} prefix */
const used = (prefix) => {
  const types = new Set()
  /** @param {string} folder */
  const look = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) look(join(folder, entry.name))
      else if (entry.name.endsWith('.tf'))
        for (const [, block, type = ''] of readFileSync(join(folder, entry.name), 'utf8').matchAll(
          /^(resource|data) "(\w+)"/gm,
        ))
          if (type.startsWith(prefix)) types.add(`${block === 'data' ? 'data.' : ''}${type}`)
    }
  }
  look(join(root, 'deploy'))
  return [...types].sort()
}

const [folder = ''] = process.argv.slice(2)
for (const provider of ['azurerm', 'aws', 'google']) {
  const home = join(folder, provider, 'package')
  /** @type {Record<string, unknown>} */
  const types = {}
  let version = ''
  for (const type of used(`${provider}_`)) {
    const isData = type.startsWith('data.')
    const name = type
      .replace(/^data\./, '')
      .slice(provider.length + 1)
      .replaceAll('_', '-')
    const file = join(home, 'lib', `${isData ? 'data-' + provider + '-' : ''}${name}`, 'index.d.ts')
    if (!existsSync(file)) {
      console.error(`${type} is no type of the provider ${provider}: ${file}`)
      process.exitCode = 1
      continue
    }
    const text = readFileSync(file, 'utf8')
    const [, found = ''] = /providers\/hashicorp\/\w+\/([\d.]+)\/docs/.exec(text) ?? []
    version = found
    const interfaces = interfacesOf(text)
    const [config = ''] = [...interfaces.keys()].filter((one) =>
      /extends cdktf\.TerraformMetaArguments/.test(
        text.slice(text.indexOf(`interface ${one} `), text.indexOf(`interface ${one} `) + 200),
      ),
    )
    types[type] = schemaOf(interfaces, config)
  }
  writeFileSync(join(root, 'deploy/schemas', `${provider}.json`), `${JSON.stringify({ provider, version, types })}\n`)
  console.log(`${provider} ${version}: ${Object.keys(types).length} types`)
}
