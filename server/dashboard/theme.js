// theme.js: sets the chosen theme before the page is drawn, so that nothing flashes. The choice is kept by this
// browser; without one the system decides.
(function () {
    let theme = null;
    try {
        theme = localStorage.getItem("descentd.theme");
    } catch {
        // Storage may be forbidden; then the system decides.
    }
    if (theme === "light" || theme === "dark")
        document.documentElement.dataset.theme = theme;
})();
