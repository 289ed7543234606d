#pragma once

#include <string_view>

namespace torc::site {

// In one element, so that a Content-Security-Policy can allow it by its hash. The icons are clipped
// boxes: nothing to load, nothing in the rows, and nothing for a screen reader to say. Whatever can
// be pressed is at least 44 pixels high and wide (WCAG 2.2, 2.5.5).
inline constexpr std::string_view listing_style_sheet = R"css(
:root{color-scheme:light dark;--page:#fbf9f6;--panel:#fff;--hover:#f6f1ea;--line:#e6dfd6;
--text:#2a241e;--quiet:#665c51;--accent:#a34a08}
@media(prefers-color-scheme:dark){:root{--page:#16130f;--panel:#201b16;--hover:#2b241d;
--line:#3a3129;--text:#efe8df;--quiet:#b3a799;--accent:#f0a35e}}
*,::before,::after{box-sizing:border-box}
[hidden]{display:none!important}
body{max-width:62rem;margin:0 auto;padding:clamp(1rem,4vw,3rem) clamp(.75rem,4vw,2rem) 2rem;
background:var(--page);color:var(--text);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;
-webkit-text-size-adjust:100%}
a{color:inherit;text-decoration:none;border-radius:.2rem}
a:hover,button:hover{text-decoration:underline;text-underline-offset:.2em}
a:focus-visible,button:focus-visible,input:focus-visible,td a:focus-visible::after{
outline:2px solid var(--accent);outline-offset:2px}
h1{margin:0 0 .75rem;color:var(--quiet);font-size:clamp(1.25rem,4.5vw,1.75rem);font-weight:500;
line-height:1.75rem;overflow-wrap:anywhere}
h1 a,h1 b{display:inline-block;padding:.5rem 0;font-weight:700;unicode-bidi:isolate}
h1 a{min-width:2.75rem;color:var(--accent)}
h1 a:first-child{margin-left:-2rem;text-align:right}
h1 b{color:var(--text)}
div,label{display:flex;align-items:center;gap:.75rem}
div{margin:0 0 .75rem;color:var(--quiet);font-size:.875rem}
label{flex:1}
output:empty{display:none}
input{flex:1;min-width:0;min-height:2.75rem;padding:0 .75rem;border:1px solid var(--quiet);
border-radius:.5rem;background:var(--panel);color:var(--text);font:inherit;font-size:1rem}
table{width:100%;border:1px solid var(--line);border-radius:.5rem;border-spacing:0;
background:var(--panel)}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
th:first-child,td:first-child{text-align:left}
th{position:sticky;top:0;z-index:1;padding:0;border-bottom:1px solid var(--line);
background:var(--panel)}
th:first-child{border-top-left-radius:.5rem}
th:last-child{border-top-right-radius:.5rem}
button{position:relative;min-width:2.75rem;min-height:2.75rem;padding:0 1rem;border:0;
background:none;color:var(--quiet);font:inherit;font-size:.875rem;font-weight:600;cursor:pointer}
[aria-sort] button::after{content:"";position:absolute;right:.2rem;top:50%;width:.6em;height:.4em;
margin-top:-.2em;forced-color-adjust:none;background:var(--accent);
clip-path:polygon(50% 0,100% 100%,0 100%)}
th:first-child[aria-sort] button{padding-right:1.25rem}
[aria-sort=descending] button::after{transform:scaleY(-1)}
td{padding:.625rem 1rem;color:var(--quiet);font-size:.9375rem;vertical-align:baseline}
tbody tr+tr td{border-top:1px solid var(--line)}
td:first-child{position:relative;width:100%;padding-left:2.875rem;color:var(--text);font-size:1rem;
white-space:pre-wrap;overflow-wrap:anywhere}
td a::after{content:"";position:absolute;inset:0}
td a:focus-visible{outline:0}
td a:focus-visible::after{outline-offset:-3px;border-radius:.5rem}
tbody tr:hover td{background:var(--hover)}
tr:last-child td:first-child{border-bottom-left-radius:.5rem}
tr:last-child td:last-child{border-bottom-right-radius:.5rem}
td a::before{content:"";position:absolute;left:1rem;top:.875rem;width:16px;height:16px;
forced-color-adjust:none;background:var(--quiet);
clip-path:path(evenodd,
"M4 1h5.5L13 4.5V14a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V2a1 1 0 0 1 1-1zM4.3 2.3v11.4h7.4V5.6H8.4V2.3z")}
td a[href$="/"]::before{background:var(--accent);clip-path:path(
"M1 3a1 1 0 0 1 1-1h3.9l1.8 2H14a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H2a1 1 0 0 1-1-1z")}
td a[href="../"]::before{clip-path:path("M8 2l5.5 5.5-1.2 1.2L8.9 5.2V14H7.1V5.2L3.7 8.7 2.5 7.5z")}
i{padding:0 .25em;border:1px solid;border-radius:.25em;color:var(--quiet);font-style:normal;
font-size:.75em}
p,footer{margin:1rem 0;color:var(--quiet);font-size:.875rem}
@media(max-width:40rem){
table,thead,tbody{display:block}
thead{position:sticky;top:0;z-index:1;border-bottom:1px solid var(--line);
border-radius:.5rem .5rem 0 0;background:var(--panel)}
tr{position:relative;display:grid;grid-template-columns:1fr auto;column-gap:1.25rem}
thead tr{grid-template-columns:1fr auto auto;column-gap:0}
th{position:static;border:0;background:none}
tbody tr{padding:.625rem 1rem}
tbody tr+tr{border-top:1px solid var(--line)}
tbody tr:hover{background:var(--hover)}
td,td:first-child,tbody tr+tr td{padding:0;border:0;background:none!important}
td{font-size:.875rem}
td:first-child{position:static;grid-column:1/-1;padding-left:1.875rem}
th:nth-child(2),td:nth-child(2){order:1}
td:nth-child(3){padding-left:1.875rem;text-align:left}
}
)css";

}  // namespace torc::site
