import { pathToFileURL } from 'node:url'
import { PORT, type SettingsSchema, type SinkPlugin, type SourcePlugin } from '../../plugin/plugin.js'
import { fileOfPackage } from './resolve-package.js'

/** A package that `use` names cannot be used. The message says why and how to mend it. */
export class UnusablePackage extends Error {
  override readonly name = 'UnusablePackage'
}

type Plugins = { sink: SinkPlugin<unknown>; source: SourcePlugin<unknown> }

/** An entry of the configuration that names a package: where it stands, and its settings without those of every entry. */
export type PackageEntry = Readonly<{ path: string; use: string; given: Readonly<Record<string, unknown>> }>

/**
 * Loads the plugin that a package exports as `sink` or `source`, and reads the settings of an entry by it. Throws
 * `UnusablePackage`.
 */
export const loadPlugin = async <Kind extends keyof Plugins>(
  kind: Kind,
  { path, use, given }: PackageEntry,
  folder = process.cwd(),
): Promise<Readonly<{ plugin: Plugins[Kind]; settings: unknown }>> => {
  const plugin = exportedBy(kind, `${path}.use: ${use}`, await moduleOf(`${path}.use: ${use}`, use, folder))
  return { plugin, settings: settingsOf(path, plugin.settings, given) }
}

const moduleOf = async (entry: string, use: string, folder: string): Promise<Readonly<Record<string, unknown>>> => {
  const file = fileOfPackage(use, folder)
  if (file === undefined)
    throw new UnusablePackage(
      use.startsWith('.') || use.startsWith('/')
        ? `${entry} is not there; a path counts from the working directory, ${folder}`
        : `${entry} is not installed where Streamvane looks for it: run npm install ${use.replace(/^npm:/, '')} in ${folder}`,
    )
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw new UnusablePackage(`${entry} cannot be loaded: ${wordsOf(cause)} (${file})`, { cause })
  }
}

const exportedBy = <Kind extends keyof Plugins>(
  kind: Kind,
  entry: string,
  module: Readonly<Record<string, unknown>>,
): Plugins[Kind] => {
  const exported = module[kind] ?? (isObject(module['default']) ? module['default'][kind] : undefined)
  if (!isObject(exported)) {
    const names = Object.keys(module).join(', ')
    throw new UnusablePackage(
      `${entry} exports no ${kind}; it exports ${names === '' ? 'nothing' : names}: a package brings a ${kind} by export const ${kind} (docs/plugins.md)`,
    )
  }
  const { port } = exported
  if (port !== PORT)
    throw new UnusablePackage(
      `${entry} was written for version ${String(port)} of the ports, and this Streamvane has version ${PORT}: ` +
        (typeof port === 'number' && port > PORT
          ? 'install a newer Streamvane, or an older version of the package'
          : 'install a version of the package that is for this Streamvane'),
    )
  const lacking = (['place', 'open'] as const).filter((name) => typeof exported[name] !== 'function')
  const isSchema = isObject(exported['settings']) && isObject(exported['settings']['~standard'])
  if (lacking.length > 0 || !isSchema)
    throw new UnusablePackage(
      `${entry}: its ${kind} has no ${[...lacking, ...(isSchema ? [] : ['settings (a Standard Schema)'])].join(', ')} (docs/plugins.md)`,
    )
  return exported as unknown as Plugins[Kind]
}

const settingsOf = (path: string, schema: SettingsSchema<unknown>, given: PackageEntry['given']): unknown => {
  const result = schema['~standard'].validate(given)
  if (result instanceof Promise)
    throw new UnusablePackage(`${path}: the settings of this package are read asynchronously, which is not supported`)
  if (result.issues === undefined) return result.value
  const problems = result.issues.map(({ message, path: keys = [] }) => {
    const names = keys.map((key) => String(isObject(key) ? key['key'] : key))
    return `${[path, ...names].join('.')}: ${message}`
  })
  throw new UnusablePackage(problems.join('; '))
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
