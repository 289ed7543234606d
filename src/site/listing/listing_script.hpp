#pragma once

#include <string_view>

namespace torc::site {

/// Where a listing's script is to be found, relative to the root: a name that begins with a dot, as
/// no file has that is served, so that it is in nobody's way.
inline constexpr std::string_view listing_script_path = ".torc/listing.js";

/// What a listing does where scripts run; all else works without. A file of its own, so that a
/// Content-Security-Policy need allow nothing inline.
inline constexpr std::string_view listing_script = R"js('use strict';

// Times in the visitor's zone.
const two = (number) => String(number).padStart(2, '0');
for (const time of document.querySelectorAll('time')) {
  const t = new Date(time.dateTime);
  time.title = time.textContent + ' UTC';
  time.textContent = `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())} ` +
    `${two(t.getHours())}:${two(t.getMinutes())}`;
}
const zone = document.querySelector('th span');
zone.closest('button').title = Intl.DateTimeFormat().resolvedOptions().timeZone;
zone.remove();

// The root has no name but the host's.
if (!document.querySelector('nav a')) {
  document.title = location.host;
}

// A filter: what has all of its words in its name.
const search = document.querySelector('[role=search]');
const box = search.querySelector('input');
const found = search.querySelector('output');
const rows = [...document.querySelectorAll('tbody tr')].filter((row) => row.cells[0]
  .firstElementChild?.matches('a:not([href="../"])'));
const names = rows.map((row) => row.cells[0].textContent.toLowerCase());
const filter = () => {
  const words = box.value.toLowerCase().split(/\s+/);
  let count = 0;
  rows.forEach((row, i) => {
    const isFound = words.every((word) => names[i].includes(word));
    count += isFound;
    if (row.hidden === isFound) {
      row.hidden = !isFound;
    }
  });
  found.textContent = box.value === '' ? '' : `${count} of ${rows.length}`;
};
if (rows.length > 1) {
  search.hidden = false;
  box.addEventListener('input', filter);
  filter();
}
)js";

}  // namespace torc::site
