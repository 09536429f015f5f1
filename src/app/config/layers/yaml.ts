import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'

const require = createRequire(import.meta.url)

/** The YAML library. It is loaded when a text is read: a command without a configuration file reads none. */
export const yaml = (): typeof Yaml => require('yaml') as typeof Yaml
