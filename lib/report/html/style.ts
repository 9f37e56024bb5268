/** Colors of both themes; those of texts have a contrast of 4.5 or more on paper and panels. */
export const COLORS = {
  light: {
    paper: '#ffffff',
    panel: '#f4f6f8',
    ink: '#1a2027',
    soft: '#525d69',
    line: '#d5dce3',
    blue: '#00639e',
    vermilion: '#b34a00',
    green: '#00714f',
    gray: '#5a6570',
    amber: '#8a5a00',
  },
  dark: {
    paper: '#0f141a',
    panel: '#1a222b',
    ink: '#e7ebef',
    soft: '#a3afbb',
    line: '#323d49',
    blue: '#6cb8f0',
    vermilion: '#ff9a5c',
    green: '#4fd1a1',
    gray: '#a9b4bf',
    amber: '#f0b849',
  },
} as const;

function variables(theme: Readonly<Record<string, string>>): string {
  return Object.entries(theme)
    .map(([name, color]) => `--${name}:${color};`)
    .join('');
}

const SCREEN = `
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,header,footer{max-width:62rem;margin:0 auto;padding:0 1.25rem}
main:focus{outline:none}
header{display:flex;justify-content:space-between;gap:1rem;padding-top:1.25rem;color:var(--soft);font-size:.875rem}
header p{margin:0}
.brand{font-weight:600;letter-spacing:.02em}
footer{margin-top:4rem;padding-bottom:2rem;color:var(--soft);font-size:.875rem;border-top:1px solid var(--line)}
.skip{position:absolute;left:-999rem;padding:.5rem 1rem;background:var(--ink);color:var(--paper)}
.skip:focus{left:1rem;top:.5rem;z-index:1}
a{color:var(--blue)}
:focus-visible{outline:3px solid var(--blue);outline-offset:2px;border-radius:2px}
h1{font-size:clamp(1.75rem,1.2rem + 2.4vw,2.6rem);line-height:1.15;letter-spacing:-.02em;margin:1.25rem 0 .4rem;text-wrap:balance}
h2{font-size:1.4rem;line-height:1.25;letter-spacing:-.01em;margin:3rem 0 .75rem}
h3{font-size:1.1rem;line-height:1.3;margin:1.75rem 0 .5rem}
h4,h5{font-size:1rem;margin:1.25rem 0 .4rem}
article{margin-top:4rem;border-top:3px solid var(--line)}
article>h2{margin-top:1.5rem;font-size:1.6rem;overflow-wrap:anywhere}
article h3{margin-top:2.25rem;font-size:1.2rem}
p{margin:.5rem 0 .9rem;max-width:46rem}
.subtitle{color:var(--soft);font-size:1.1rem;margin:0 0 1.5rem;overflow-wrap:anywhere}
.note,figcaption,caption{color:var(--soft);font-size:.875rem}
.note{margin:.5rem 0}
code,pre{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
code{overflow-wrap:anywhere}
pre{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:1rem;overflow-x:auto}
pre code{overflow-wrap:normal}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.verdict{--tone:var(--gray);border:1px solid var(--line);border-left:6px solid var(--tone);border-radius:10px;background:var(--panel);padding:1.1rem 1.25rem}
.gone{--tone:var(--green)}.weakened{--tone:var(--amber)}.active{--tone:var(--vermilion)}.never-worked,.unknown{--tone:var(--gray)}
.badge{display:inline-flex;gap:.5em;align-items:baseline;margin:0 0 .5rem;font-weight:650;color:var(--tone)}
.words{font-size:1.075rem;margin:0 0 1.1rem}
.tiles{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(11.5rem,1fr));gap:.75rem}
.tiles li{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:.7rem .85rem}
.tiles .name{display:block;font-size:.8125rem;font-weight:650;color:var(--soft);letter-spacing:.04em}
.tiles .from{color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap}
.tiles .value{font-size:1.5rem;font-weight:650;font-variant-numeric:tabular-nums;white-space:nowrap}
.tiles .about{display:block;font-size:.8125rem;color:var(--soft);line-height:1.4}
.scroll{position:relative;overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;min-width:min(100%,32rem);font-variant-numeric:tabular-nums;font-size:.9375rem}
caption{text-align:left;padding-bottom:.5rem}
th,td{padding:.4rem .75rem;text-align:right;border-bottom:1px solid var(--line);vertical-align:baseline}
th:first-child,td:first-child{text-align:left;padding-left:0}
thead th{font-size:.8125rem;font-weight:600;color:var(--soft);border-bottom-color:var(--gray);white-space:nowrap}
tbody th{font-weight:500}
tbody th strong{margin-left:.3em;font-size:.75rem;color:var(--vermilion)}
.text{text-align:left}
td.text code{font-size:.8125rem}
abbr[title]{text-decoration:none}
.bar{--hue:var(--blue);position:relative;display:block;min-width:7.5rem;padding-bottom:.3rem}
.bar::after{content:"";position:absolute;left:0;bottom:0;height:.25rem;width:var(--v);border-radius:2px;background:var(--hue)}
.vermilion{--hue:var(--vermilion)}.blue{--hue:var(--blue)}.green{--hue:var(--green)}.gray{--hue:var(--gray)}
.confusion{min-width:0;font-size:.8125rem}
.confusion td,.confusion thead th+th{min-width:2.2rem;text-align:center;padding:.3rem .25rem;border:1px solid var(--line)}
.confusion td[style]{background:color-mix(in srgb,var(--blue) calc(var(--v)*.4),var(--paper))}
.confusion th:first-child{padding-right:.75rem;white-space:nowrap}
details{margin:.75rem 0;border:1px solid var(--line);border-radius:8px;padding:0 1rem}
summary{cursor:pointer;padding:.6rem 0;font-weight:550}
details[open]{padding-bottom:.5rem}
figure{margin:0}
.chart{max-width:54rem}
.chart.narrow{display:none}
.chart svg,.maps svg{display:block;width:100%;height:auto}
.chart rect.background{fill:none}
.chart [fill="#222222"]{fill:var(--ink)}
.chart [stroke="#e3e3e3"]{stroke:var(--line)}
.chart [stroke="#888888"]{stroke:var(--gray)}
.chart [stroke="white"]{stroke:var(--paper)}
.chart [fill="white"]{fill:none}
.chart [fill="#0072b2"]{fill:var(--blue)}.chart [stroke="#0072b2"]{stroke:var(--blue)}
.chart [fill="#d55e00"]{fill:var(--vermilion)}.chart [stroke="#d55e00"]{stroke:var(--vermilion)}
.chart [fill="#007d5a"]{fill:var(--green)}.chart [stroke="#007d5a"]{stroke:var(--green)}
.chart [fill="#4d4d4d"]{fill:var(--gray)}.chart [stroke="#4d4d4d"]{stroke:var(--gray)}
.strip{display:grid;grid-template-columns:repeat(8,minmax(0,1fr));gap:.6rem}
.strip img,.looks img,.pictures img{display:block;width:100%;height:auto;border-radius:4px;background:var(--panel)}
.strip img,.pictures img{image-rendering:pixelated}
.strip figcaption,.looks figcaption{margin-top:.25rem;font-size:.75rem;line-height:1.35}
.right,.wrong{display:block;overflow-wrap:anywhere}
.right{color:var(--green)}.wrong{color:var(--vermilion)}
.looks{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:1rem}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.25rem}
.maps{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1rem}
.maps .frame{fill:var(--panel);stroke:var(--line)}
.dots{fill:none;stroke:var(--hue);stroke-width:5;stroke-linecap:round;stroke-opacity:.75}
.dots.gray{stroke-opacity:.45}
.maps text{fill:var(--ink);font-size:11px;font-weight:600;text-anchor:middle;dominant-baseline:middle;paint-order:stroke;stroke:var(--panel);stroke-width:3px}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.25rem;margin:.5rem 0;padding:0;font-size:.875rem}
.key{display:inline-block;width:.7em;height:.7em;margin-right:.45em;border-radius:50%;background:var(--hue)}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:1rem}
.file{font:.8125em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
dl{margin:.75rem 0 1.25rem;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));column-gap:2rem}
dl div{display:grid;grid-template-columns:8rem 1fr;gap:.75rem;padding:.35rem 0;border-bottom:1px solid var(--line)}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
.wide main,.wide header,.wide footer{max-width:96rem}
.swept{font-size:.875rem}
.swept th,.swept td{padding:.35rem .5rem;white-space:nowrap}
.swept thead th,.swept .first{border-left:1px solid var(--line)}
.swept thead th[colspan]{text-align:center}
.swept thead tr+tr th{text-align:right;padding-left:.5rem}
.swept [scope=row],.swept [rowspan]{position:sticky;left:0;background:var(--paper);padding-right:.75rem}
.swept thead [rowspan]{border-left:0}
.swept tfoot th,.swept tfoot td{border-top:2px solid var(--gray);font-weight:500}
.swept td strong{font-weight:700;color:var(--green)}
.swept small{display:block;font-size:.75rem;color:var(--soft)}
.swept .none{text-align:center;color:var(--soft)}
.swept .lost,.swept small.lost{color:var(--vermilion)}
`;

const PHONE = `
main,header,footer{padding-left:1rem;padding-right:1rem}
h2{margin-top:2.25rem}
.tiles{grid-template-columns:repeat(2,minmax(0,1fr));gap:.5rem}
.tiles li{padding:.55rem .65rem}
.tiles .value{font-size:1.25rem}
.verdict{padding:.9rem}
.chart.wide{display:none}
.chart.narrow{display:block}
.strip{grid-template-columns:repeat(4,minmax(0,1fr))}
.looks{grid-template-columns:repeat(2,minmax(0,1fr));gap:.75rem}
.maps{grid-template-columns:1fr}
dl div{grid-template-columns:6.5rem 1fr}
.bar{min-width:5rem}
th,td{padding:.4rem .5rem}
`;

const PRINT = `
body{font-size:10pt;background:none}
main,header,footer{max-width:none;padding:0}
.skip,summary{display:none}
details{border:0;padding:0}
details::details-content{content-visibility:visible;height:auto}
section,figure,tr,.tiles li,.verdict{break-inside:avoid}
section{break-inside:auto}
h2,h3,h4{break-after:avoid}
article{break-before:page;border:0}
.scroll{overflow:visible}
pre{white-space:pre-wrap}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
`;

/** The whole style sheet: light on screens that do not ask for dark, and in print. */
export const STYLE = [
  `:root{${variables(COLORS.light)}}`,
  `@media screen and (prefers-color-scheme:dark){:root{${variables(COLORS.dark)}}}`,
  SCREEN,
  `@media (max-width:40rem){${PHONE}}`,
  `@media print{${PRINT}}`,
].join('\n');
