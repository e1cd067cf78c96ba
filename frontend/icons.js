// The outline icons of @tabler/icons that pages use; vite.config.js packs them into one sprite, dist/icons.svg.
export const icons = [
  "adjustments-horizontal", "alarm", "alert-triangle", "arrow-back-up", "arrow-down", "arrow-right", "arrow-up",
  "ban", "refresh", "bell", "building", "building-community", "bulb", "camera", "chart-bar", "check", "chevron-down",
  "chevron-left", "chevron-right", "circle-check", "clipboard-check", "clock", "current-location", "dots",
  "download", "door", "edit", "eye", "eye-off", "file-text", "filter", "gavel", "git-merge", "history", "home", "heart-handshake", "hourglass", "inbox",
  "info-circle", "key", "keyboard", "language", "link", "list-check", "list-details", "loader", "logout", "map", "map-pin", "maximize", "menu-2",
  "message", "message-report", "phone", "photo", "player-pause", "player-play", "plus", "presentation", "printer", "rotate", "route",
  "search", "send", "settings", "sitemap", "speakerphone", "stack-2", "star", "trash", "trophy", "transfer", "upload", "user", "user-plus", "users", "world", "x",
  // duty and warnings
  "shield-check", "calendar", "copy", "volume", "volume-off", "urgent",
];
