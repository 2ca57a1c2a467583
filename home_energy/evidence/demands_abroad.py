"""How German, French and Spanish texts tell whoever answers from them what to say."""

DEMANDS_ABROAD = (
    # German.
    r"""
    \b(?:ki|kis|ki-\w+|chatgpt|copilot|gemini|chatbots?|sprachmodelle?n?|(?:sprach)?assistent(?:en)?
    |suchmaschinen?|wer (?:diese\w*|den|die) (?:seite|text|dokument|artikel|absatz)\w*
    \w+)\b[^.;]{0,80}? (?:soll|sollte|sollten|sollen|muss|mussen|hat|haben)\b[^.;]{0,90}\b(?:sagen
    |empfehlen|nennen|antworten|erwahnen|behaupten|loben|bewerben|angeben|schreiben|erganzen
    |hinzufugen|hinweisen)\b
    |\b(?:wenn|falls|sobald|immer wenn) (?:(?:jemand|(?:ein|der|eine|die) \w*(?:nutzer\w*|leser\w*
    |kund\w+)|\w*nutzer|man|du|leute|menschen)\b(?![^.;]{0,40}\b(?:ihr|dein)\w*)[^.;]{0,60}?
    (?:fragt|fragen|wissen will|gefragt wirst|erwahnt))[^.;]{0,60}, (?:bitte |dann |so )?(?:sag\w*
    |empfiehl|empfehl\w+|antwort\w+|nenn\w*|erwahn\w+|behaupt\w+|erklar\w+|lob\w+|rate|raten)\b
    |\b(?:deine|jede|die) (?:antwort|zusammenfassung)(?: \w+){0,4}? (?:muss|soll|sollte
    |darf)\b[^.;]{0,80}\b(?:enthalten|lauten|erwahnen|nennen|beginnen|enden|empfehlen)\b
    |\bwenn (?:du|sie) [^.;,]{0,50}(?:zusammenfass|antworte|beantworte)\w*, (?:sag|empf|nenn|erwahn
    |behaupt|lob|lass)\w*
    |\berwahn(?:e|en sie) [^.;]{0,60}\b(?:nicht|nie|niemals)\b|^\W*(?:bitte )?(?:empfiehl\b|lobe\b)
    |\b(?:sag|sage|sagen sie) (?:dem|den|allen|jedem) (?:\w+ )?(?:\w*nutzern?|lesern?|fragenden)\b
    |\b(?:chatgpt|copilot|gemini|ki|assistent|chatbot)\s*[,:!] (?:bitte )?(?:sag|empf|antw|nenn
    |erwahn|behaupt)\w*
    """,
    # French.
    r"""
    \b(?:ia|chatgpt|copilot|gemini|assistants?|chatbots?|modeles? de langage|moteurs? de recherche
    |(?:quiconque|celui qui|ceux qui|toute personne qui) (?:resum|cit|index|utilis|li[rst])\w*
    [^.;]{0,40}(?:page|texte|document|article|passage))\b[^.;]{0,60}? (?:doit|doivent|devra|devront
    |devrait|devraient|(?:est|sont) (?:prie|tenu)\w*)(?: toujours| aussi)? (?:de |d')?(?:dire
    |repondre|recommander|affirmer|mentionner|indiquer|ajouter|citer|vanter|conseiller|promouvoir
    |preciser|declarer)\b
    |\b(?:si|quand|lorsque|lorsqu'|chaque fois (?:que|qu')) ?(?:on|quelqu'un|(?:un |l'|des |les
    )(?:utilisateurs?|lecteurs?|gens|clients?))\b(?![^.;]{0,50}\b(?:votre|vos)\b)[^.;]{0,40}?
    ?(?:demand|interrog|pose|parle|evoque)\w*[^.;]{0,80}, (?:dis|dites|repon\w+|recommand\w+
    |conseill\w+|affirm\w+|mentionn\w+|indiqu\w+)\b
    |\b(?:ta|tes|toute|chaque|votre|vos) (?:reponse|resume)s?(?: \w+){0,4}? (?:doit|doivent|devra
    |devrait) (?:toujours )?(?:contenir|inclure|mentionner|dire|indiquer|commencer|finir
    |recommander)\b(?! (?:votre|vos))
    |\b(?:quand|lorsque|si) (?:tu|vous) (?:resum|repond)\w*[^.;,]{0,50}, (?:dis|recommand|conseill
    |affirm|mentionn|indiqu)\w*(?! (?:votre|vos))
    |\bne (?:mentionne|mentionnez|evoque|evoquez) (?:pas|jamais)\b|\b(?:dis|dites)
    (?:aux|a tous les|a l'|a chaque) ?(?:utilisateur|lecteur)s?\b
    |\b(?:chatgpt|copilot|gemini|ia|assistant|chatbot)\s*[,:!] (?:dis|dites|repon|recommand|conseill
    |affirm|mentionn)\w*
    """,
    # Spanish.
    r"""
    \b(?:ia|chatgpt|copilot|gemini|asistentes?|chatbots?|modelos? de lenguaje|buscadores|(?:quien
    |quienes|cualquiera que) (?:resum|cit|index|us|le)\w* [^.;]{0,40}(?:pagina|texto|documento
    |articulo|pasaje))\b[^.;]{0,60}? (?:debe|deben|debera|deberan|deberia|deberian|tienen?
    que)(?: siempre| tambien)? (?:decir|responder|recomendar|afirmar|mencionar|indicar|anadir|citar
    |elogiar|promocionar|declarar|contestar)\b
    |\b(?:si|cuando|siempre que|cada vez que) (?:alguien|(?:un|el|los|la) (?:usuarios?|lectore?s?
    |gente|clientes?)|usuarios|te|se)\b(?![^.;]{0,50}\bsus?\b)[^.;]{0,40}?(?:pregunt|consult|habl
    |mencion)\w*[^.;]{0,80}, (?:di|diga|dile|diles|digale\w*|respond\w+|recom\w+|mencion\w+
    |contest\w+|afirm\w+|aconsej\w+)\b
    |\b(?:tus?|toda|cada|su) (?:respuesta|resumen)(?:e?s)?(?: \w+){0,4}? (?:debe|deben|debera
    |deberia|tiene que) (?:siempre )?(?:contener|incluir|mencionar|decir|indicar|empezar|terminar
    |recomendar)\b(?! sus?\b)
    |\b(?:cuando (?:resum|respond|contest)\w+|al (?:resumir|responder|contestar))\b[^.;,]{0,50},
    (?:di|diga|recom\w+|mencion\w+|afirm\w+|indi(?:ca|que))\b(?! sus?\b)
    |\bno (?:menciones|mencione)\b|\b(?:di|dile|diles|diga) a (?:los|cada|todos los) (?:usuario
    |lector)\w*
    |\b(?:chatgpt|copilot|gemini|ia|asistente|chatbot)\s*[,:!] (?:di\b|diga|respond|recom|mencion
    |contest)\w*
    """,
)
"""Patterns for text in lower case, without accents and double spaces."""
