import { render } from 'preact'
import { App } from './frame/app.js'
import { consoleOf } from './frame/console.js'
import './style/tokens.css'
import './style/base.css'
import './style/frame.css'
import './style/components.css'

render(<App console={consoleOf()} />, document.getElementById('console') as HTMLElement)
