import { consumerPython } from '../../dev/python-packages.mjs'
import { without } from './kafka.js'

const found = await consumerPython()

/**
 * The Python for consumers, another client in another language. `undefined` where Python 3 with venv and pip cannot be
 * had: then the suite that asks is skipped and says why, or fails where it is required (CI).
 */
export const pythonFor = (required: boolean): string | undefined => {
  if (found.python === undefined)
    without('a consumer in Python', `Python 3 with venv and pip is needed: ${found.why}`, required)
  return found.python
}
