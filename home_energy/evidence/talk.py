"""Words of talk: what a question is put in, and what answers it need not repeat."""

TALK = frozenset(
    """cant couldnt didnt doesnt dont hadnt hasnt havent hes ill im isnt ive lets mustnt shouldnt
    shes thats theres theyre theyve wasnt werent weve whats wheres whos wont wouldnt youd youll
    youre youve absolutely accept achieve act actual actually adapt additional adequate adjust
    advantage
    advice advise affect afford afternoon again age agree ahead aim alike allegedly allow
    almost alone already alter alternative altogether always amazing amount ancient annoy
    annoying anybody anyone anything anyway anywhere apart apparently appear appropriate
    approximately around arrive ask assist assume attempt available avoid aware away awful bad
    badly basically become begin behave believe belong benefit besides best better big bigger
    biggest bit bother brilliant bring bunch buy call came care carry case catch cause certain
    chance change check child children choice choose chuck circumstance claim clear come
    common comparable compare complete completely complex complicated concern confuse cons
    consequence consider consist constantly contain continue continuously convert cope correct
    correctly couple crazy create critical crucial current dad damage danger dangerous day
    deal decent decide define definitely definition deliver demand demonstrate depend deserve
    design destroy detect difference different difficult disadvantage discover doubt downside
    drawback dumb during early easiest easily easy eat effect effective effectively
    efficiently employ enable encourage end enough enter entire entirely equal equivalent
    especially essential even event eventually ever everybody everyone everything everywhere
    exact exactly excellent exchange exist expect explain extremely fact fail fairly fake
    family favour feel fetch few figure find fine finish first fit fix folks forever form
    forward frequently friend fully function fundamentally further general generally genuine
    genuinely goal good grab great greatest guess guest guidance guy guzzle handle happen
    happy hard harm hate hear help hog hold home honest honestly hope house household huge
    hurry hurt husband idea ideal identical imagine immediate impact important impossible
    improve improvement include influence inside instant instead intend invest involve issue
    item justify keen keep key kid kind known large largest last late later latest learn least
    leave left level lie likely list literally little live loads long look lots love main
    mainly maintain major man manage manner massive matter maybe meaning meanwhile mend
    mention merely merit method mind mine minor modern mom month moreover morning mostly mount
    move multiple mum naturally near nearly necessary need neighbor neighbour never new newer
    newest next nice nobody none normal normally nothing notice nowadays nowhere number obtain
    obvious occasionally odd offer ok okay old older oldest once opinion opt option order
    ordinary otherwise ought overall owe owner parents part partially particular particularly
    partly pay people perfect perform perhaps person pick place plan pleased plus point
    pointless poor pop position possible precisely prefer preserve press pretty pricey
    primarily print pro probably problem produce promise proper properly prove provide pull
    purchase purpose push question quick quickly quite rapid rarely rather reach react read
    real reason reasonable receive recent reckon recommend refer regardless regular rely
    remain remind repair replace request require research rest restore resume retain return
    reveal right risk rough roughly ruin run safely seem select sensible serious seriously
    serve set several shall shape shift shove shrink silly similar simple since single sit
    situation slow slowly small smallest smart solve someone something sometimes somewhere
    soon sorry sort spare speak specific spend spoil spot stand standard start state stay
    stick stop story strange strike struggle study stuff stupid style succeed sufficient
    suggest suggestion suitable support suppose supposedly sure suspect swap switch talk taste
    teach tend term think throughout throw tiny tip today together told tomorrow tonight total
    totally touch tough transfer transform trick trouble true truly try turn type typical
    typically understand unknown until upside useful useless usual usually utilise utilize
    value various vary verdict vital wait wanted waste watch weird whatever whenever wherever
    whichever whole wife wish woman wonder wondering work worry worse worst worth worthwhile
    wrong year yesterday yet""".split()
)
"""Common words of no subject: verbs, grades, times, people, and how sure one is."""
