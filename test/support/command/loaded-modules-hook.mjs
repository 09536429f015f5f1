// Loaded with --import: writes the URL of each module that the process loads to the file LOADED_MODULES_FILE.
import { appendFileSync } from 'node:fs'
import Module, { register } from 'node:module'
import { pathToFileURL } from 'node:url'

const file = process.env['LOADED_MODULES_FILE'] ?? ''

const hooks = `
import { appendFileSync } from 'node:fs'
export const load = (url, context, next) => {
  appendFileSync(${JSON.stringify(file)}, url + '\\n')
  return next(url, context)
}`
register(`data:text/javascript,${encodeURIComponent(hooks)}`)

// What `require` has loaded passes no hook.
process.on('exit', () => {
  // @ts-expect-error _cache is not documented
  const required = Object.keys(Module._cache)
  appendFileSync(file, required.map((path) => `${pathToFileURL(path)}\n`).join(''))
})
