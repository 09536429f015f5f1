import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** A `use` that names a package or a file, and no kind that comes with Streamvane. */
export const isPackage = (use: string): boolean => /^(@[^/]+\/|npm:|\.{0,2}\/)/.test(use)

/**
 * The file of a package or path, as Node.js resolves an `import` in a module in `folder`: up the folders through their
 * node_modules, by `exports` or `main`. `undefined`: not installed. `import.meta.resolve` cannot be asked: it looks from
 * where Streamvane is, which may be installed for the whole machine.
 */
export const fileOfPackage = (use: string, folder: string): string | undefined => {
  if (/^\.{0,2}\//.test(use)) return fileOrUndefined(resolve(folder, use))
  const [, name = '', subpath = ''] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(use.replace(/^npm:/, '')) ?? []
  for (let at = resolve(folder); ; at = dirname(at)) {
    const home = join(at, 'node_modules', name)
    if (existsSync(join(home, 'package.json'))) return fileIn(home, `.${subpath}`)
    if (at === dirname(at)) return undefined
  }
}

const fileIn = (home: string, subpath: string): string | undefined => {
  const { exports, main = 'index.js' } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Manifest
  if (exports === undefined) return fileOrUndefined(join(home, subpath === '.' ? main : subpath))
  const isMap = typeof exports === 'object' && exports !== null && Object.keys(exports).some((key) => key[0] === '.')
  const ofMap = isMap ? (exports as Readonly<Record<string, unknown>>)[subpath] : undefined
  const target = targetOf(isMap ? ofMap : subpath === '.' ? exports : undefined)
  return target === undefined ? undefined : fileOrUndefined(join(home, target))
}

type Manifest = Readonly<{ exports?: unknown; main?: string }>

/** The target for an `import` in Node.js: of nested conditions the first that holds. */
const targetOf = (exported: unknown): string | undefined => {
  if (typeof exported === 'string') return exported
  if (Array.isArray(exported)) return exported.map(targetOf).find((target) => target !== undefined)
  if (typeof exported !== 'object' || exported === null) return undefined
  for (const [condition, target] of Object.entries(exported))
    if (['node', 'import', 'module-sync', 'default'].includes(condition)) {
      const found = targetOf(target)
      if (found !== undefined) return found
    }
  return undefined
}

const fileOrUndefined = (file: string): string | undefined => (existsSync(file) ? file : undefined)
